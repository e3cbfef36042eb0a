"""Erasing people (GDPR 17), and keeping them from being imported again.

What stays of somebody is a keyed hash of the address: whoever has the database but not
the installation's secret cannot tell of any address whether it was erased.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Final
from uuid import UUID

from sqlalchemy import delete, exists, select

from mailer import signals
from mailer.audience.models import Erasure, Subscriber
from mailer.bulk import is_among
from mailer.current import settings
from mailer.db import db, insert_missing
from mailer.lib.secrets import derive_key

_AT_ONCE: Final = 1_000
_MARK_BYTES: Final = 16


def erase_subscribers(workspace_id: UUID, subscriber_ids: Sequence[UUID], *, now: datetime) -> int:
    """Erase subscribers with everything that is theirs; suppressions of their addresses stay.

    :return: how many there were
    """
    count = 0
    for start in range(0, len(subscriber_ids), _AT_ONCE):
        erased = db.session.execute(
            delete(Subscriber)
            .where(
                Subscriber.workspace_id == workspace_id,
                Subscriber.id.in_(subscriber_ids[start : start + _AT_ONCE]),
            )
            .returning(Subscriber.id, Subscriber.email_key)
            .execution_options(synchronize_session=False)
        ).all()
        insert_missing(
            Erasure,
            [
                {"workspace_id": workspace_id, "mark": mark, "erased_at": now}
                for mark in _marks(workspace_id, [row.email_key for row in erased])
            ],
        )
        signals.subscribers_erased.send(workspace_id, ids=[row.id for row in erased])
        count += len(erased)
    return count


@signals.refusals_wanted.connect
def erased_people(workspace_id: UUID, *, keys: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Say who was erased: an import does not bring them back, once they came back it may change them."""
    if not db.session.scalar(select(exists().where(Erasure.workspace_id == workspace_id))):
        return {}
    key_of = _marks(workspace_id, keys)
    erased = db.session.scalars(
        select(Erasure.mark).where(Erasure.workspace_id == workspace_id, is_among(Erasure.mark, list(key_of)))
    )
    found = [key_of[mark] for mark in erased]
    if not found:
        return {}
    back = set(
        db.session.scalars(
            select(Subscriber.email_key).where(
                Subscriber.workspace_id == workspace_id, is_among(Subscriber.email_key, found)
            )
        )
    )
    sentence = "This person was erased here; only they can come back, by signing up themselves."
    return {key: ("erased", sentence) for key in found if key not in back}


def _marks(workspace_id: UUID, keys: Iterable[str]) -> dict[str, str]:
    """Return email keys by their marks."""
    keyed = hashlib.blake2b(workspace_id.bytes, digest_size=_MARK_BYTES, key=_key(settings().secret_key))
    marks = {}
    for key in keys:
        one = keyed.copy()
        one.update(key.encode())
        marks[one.hexdigest()] = key
    return marks


@cache
def _key(secret_key: str) -> bytes:
    return derive_key(secret_key, "erased addresses")
