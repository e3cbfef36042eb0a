"""What consent knows of a subscriber's past: every act, and whether their address is suppressed."""

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from mailer import signals
from mailer.audience.models import Subscriber
from mailer.audience.timeline import Event
from mailer.consent.models import ConsentRecord, LeaveReason, LiftedSuppression
from mailer.consent.suppress import suppression_of
from mailer.consent.told import ACTS, WAYS, WHYS
from mailer.db import db


@signals.timeline_wanted.connect
def consent_events(subscriber: Subscriber, *, limit: int) -> list[Event]:
    """Return a subscriber's acts of consent, and what stands against mailing them."""
    records = db.session.scalars(
        select(ConsentRecord)
        .where(ConsentRecord.subscriber_id == subscriber.id)
        .options(joinedload(ConsentRecord.list))
        .order_by(ConsentRecord.created_at.desc(), ConsentRecord.id.desc())
        .limit(limit)
    )
    return [*_suppressions(subscriber), *_leave_reasons(subscriber), *(_told(record) for record in records)]


def _told(record: ConsentRecord) -> Event:
    icon, deed, kind = ACTS[record.act]
    about = f" “{record.list.name}”" if record.list else ""
    proof = [f"“{record.words}”" if record.words else "", f"from {record.ip}" if record.ip else ""]
    return Event(
        record.created_at,
        icon,
        f"{deed}{about} {WAYS[record.via]}",
        kind,
        detail=" · ".join(part for part in proof if part),
    )


def _leave_reasons(subscriber: Subscriber) -> list[Event]:
    told = db.session.scalars(select(LeaveReason).where(LeaveReason.subscriber_id == subscriber.id))
    return [
        Event(row.created_at, "message-circle", f"Said why they left: {WHYS[row.why]}", detail=row.words)
        for row in told
    ]


def _suppressions(subscriber: Subscriber) -> list[Event]:
    events = []
    standing = suppression_of(subscriber.workspace_id, subscriber.email)
    if standing is not None:
        reason = standing.reason.replace("_", " ")
        events.append(
            Event(
                standing.created_at,
                "ban",
                f"The address is suppressed: {reason}",
                "bad",
                detail=standing.detail,
                is_standing=True,
            )
        )
    lifted = db.session.scalars(
        select(LiftedSuppression).where(
            LiftedSuppression.workspace_id == subscriber.workspace_id,
            LiftedSuppression.email_key == subscriber.email_key,
        )
    )
    events += [
        Event(row.created_at, "rotate", "The suppression was lifted", "good", detail=row.words)
        for row in lifted
    ]
    return events
