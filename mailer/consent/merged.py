"""What merging two subscribers means for consent: the records of who goes are copied, never rewritten.

A copy says of which record it is one. The record itself goes with its subscriber, but its
link of the chain stays, and since the copy holds all that the record said, the record's
digest can be calculated from it: so both histories prove themselves as before.
"""

from typing import Any, Final

from sqlalchemy import select

from mailer import signals
from mailer.audience.merge import hand_over
from mailer.audience.models import Subscriber
from mailer.consent.models import ConsentRecord, LeaveReason
from mailer.db import db

_ANEW: Final = frozenset({"id", "subscriber_id", "original_id", "original_subscriber_id"})


@signals.subscribers_merged.connect
def take_over_records(kept: Subscriber, *, gone: Subscriber, **_: Any) -> None:
    """Copy the records of who goes; hand over why they left lists."""
    records = db.session.scalars(
        select(ConsentRecord).where(ConsentRecord.subscriber_id == gone.id).order_by(ConsentRecord.id)
    ).all()
    said = [column.key for column in ConsentRecord.__table__.columns if column.key not in _ANEW]
    for record in records:
        db.session.add(
            ConsentRecord(
                **{name: getattr(record, name) for name in said},
                subscriber_id=kept.id,
                # Of a copy, what it is a copy of: that is the one whose digest it can prove.
                original_id=record.original_id or record.id,
                original_subscriber_id=record.original_subscriber_id or record.subscriber_id,
            )
        )
    db.session.flush()
    for record in records:
        # They go with their subscriber, by the database.
        db.session.expunge(record)
    hand_over(LeaveReason, kept, gone)
