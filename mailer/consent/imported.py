"""What an import means for consent: a record for each place that it gave, a suppression for each who left."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, select

from mailer import signals
from mailer.audience.importing.plan import Plan
from mailer.audience.importing.rows import Person
from mailer.audience.models import Import, Subscriber
from mailer.bulk import Bulk, is_among
from mailer.consent.models import (
    Act,
    Channel,
    ConsentRecord,
    StreamSuppression,
    Suppression,
    SuppressionReason,
)
from mailer.consent.record import keep_words
from mailer.db import db, insert_missing
from mailer.lib.ids import uuid7

_RECORD: Final = (
    *("id", "created_at", "workspace_id", "subscriber_id", "list_id", "act", "via"),
    *("words_hash", "locale", "ip", "user_agent", "actor_id"),
)
_SUPPRESSION: Final = (
    *("id", "created_at", "workspace_id", "email_key", "reason", "detail", "actor_id", "import_id"),
)
_WORDS: Final = {
    SuppressionReason.HARD_BOUNCE: "their address failed",
    SuppressionReason.COMPLAINT: "they complained",
    SuppressionReason.UNSUBSCRIBED: "they unsubscribed",
    SuppressionReason.MANUAL: "somebody decided so",
    SuppressionReason.IMPORTED: "another system said so",
}


@signals.imported.connect
def record_imported(
    plan: Plan,
    *,
    bulk: Bulk,
    now: datetime,
    places: Sequence[tuple[Any, Any]],
    departed: Sequence[Person],
) -> None:
    """Keep who put these people on lists, and the basis that they stated; suppress who had left."""
    at, workspace_id = bulk.moment(now), bulk.id(plan.workspace_id)
    actor_id = bulk.id(plan.actor_id) if plan.actor_id else bulk.null
    words = keep_words(plan.workspace_id, plan.basis) or bulk.null
    proof = (Act.SUBSCRIBED.value, Channel.IMPORT.value, words, "", "", "", actor_id)
    bulk.copy_in(
        ConsentRecord.__tablename__,
        _RECORD,
        [
            (identifier, at, workspace_id, subscriber_id, list_id, *proof)
            for identifier, (list_id, subscriber_id) in zip(bulk.new_ids(len(places)), places, strict=True)
        ],
    )
    leaving = [person for person in departed if person.departure is not None]
    known = _suppressed(plan.workspace_id, [person.key for person in leaving])
    otherwise = f"In the file {plan.file_name}"[:500]
    bulk.copy_in(
        Suppression.__tablename__,
        _SUPPRESSION,
        [
            (
                *(bulk.new_id(), bulk.moment(person.since) if person.since else at, workspace_id),
                *(bulk.text(person.key), person.departure.value, bulk.text(person.detail or otherwise)),
                *(actor_id, bulk.id(plan.import_id)),
            )
            for person in leaving
            if person.departure is not None and person.key not in known
        ],
    )
    _close_streams(plan, departed, otherwise=otherwise, now=now)


def _close_streams(plan: Plan, departed: Sequence[Person], *, otherwise: str, now: datetime) -> None:
    insert_missing(
        StreamSuppression,
        [
            {
                "id": uuid7(),
                "created_at": closed.since or now,
                "workspace_id": plan.workspace_id,
                "stream": stream,
                "email_key": person.key,
                "reason": SuppressionReason(closed.departure),
                "detail": closed.detail or otherwise,
                "import_id": plan.import_id,
            }
            for person in departed
            for stream, closed in person.closed.items()
        ],
    )


@signals.refusals_wanted.connect
def suppressed_people(workspace_id: UUID, *, keys: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Say which addresses must not be mailed: an import leaves them alone."""
    return {
        key: ("suppressed", f"This address is suppressed here: {_WORDS[reason]}.")
        for key, reason in _suppressed(workspace_id, keys).items()
    }


@signals.deeds_wanted.connect
def acts_of_their_own(source: Import) -> list[ColumnElement[bool]]:
    """Ask whether somebody confirmed, chose or left since an import began."""
    own = [channel for channel in Channel if channel.is_own_act]
    return [
        exists().where(
            ConsentRecord.subscriber_id == Subscriber.id,
            ConsentRecord.via.in_(own),
            ConsentRecord.created_at >= source.started_at,
        )
    ]


@signals.import_undone.connect
def lift_imported(source: Import) -> int:
    """Take back the suppressions that an import made."""
    return sum(
        len(
            db.session.scalars(
                delete(table)
                .where(table.import_id == source.id)
                .returning(table.id)
                .execution_options(synchronize_session=False)
            ).all()
        )
        for table in (Suppression, StreamSuppression)
    )


def _suppressed(workspace_id: UUID, keys: Sequence[str]) -> dict[str, SuppressionReason]:
    if not keys:
        return {}
    rows = db.session.execute(
        select(Suppression.email_key, Suppression.reason).where(
            Suppression.workspace_id == workspace_id, is_among(Suppression.email_key, keys)
        )
    )
    return {row.email_key: row.reason for row in rows}
