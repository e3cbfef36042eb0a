"""Claiming messages that belong to no campaign: a few at a time, each of its own sender and stream."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from mailer.consent import gate
from mailer.db import begin_reading, db, reading_apart
from mailer.delivery import ledger
from mailer.delivery.claim import due, gather
from mailer.delivery.compose import READER_COLUMNS, Reader, reader_of
from mailer.delivery.ledger import CLAIMED_COLUMNS, Claimed
from mailer.delivery.models import Delivery, Message, SkipReason
from mailer.lib.addresses import address_key


@dataclass(frozen=True, slots=True)
class ClaimedAlone:
    """A few that one worker holds, and what of them may be sent.

    :ivar is_more: whether others are due besides
    """

    id: UUID
    deliveries: list[Claimed]
    is_more: bool


def is_anyone_due(*, now: datetime) -> bool:
    """Whether a message that belongs to no campaign waits to be sent; asked without waiting for writers."""
    with reading_apart() as session:
        return session.scalar(due(None, now=now).limit(1)) is not None


def claim_alone(size: int, *, worker: str, now: datetime) -> ClaimedAlone | None:
    """Take what belongs to no campaign and is due; whom the gate refuses ends as skipped.

    It commits as soon as that is taken, and then reads: on SQLite programs that post wait until then.

    :param size: how many at most
    :return: None when nothing is due
    """
    batch_id = gather(None, worker=worker, now=now, size=size)
    db.session.commit()
    if batch_id is None:
        return None
    begin_reading()
    rows = db.session.execute(
        select(*CLAIMED_COLUMNS, *READER_COLUMNS, Message.stream)
        .join(Message, Message.id == Delivery.message_id)
        .outerjoin(Reader, Reader.id == Delivery.subscriber_id)
        .where(Delivery.batch_id == batch_id)
        .order_by(Delivery.id)
    ).all()
    asked = {row.id: gate.Asked(row.workspace_id, address_key(row.email), row.stream) for row in rows}
    refusals = gate.transactional_refusals(asked.values())
    is_more = len(rows) == size and db.session.scalar(due(None, now=now).limit(1)) is not None
    db.session.commit()
    refused = [delivery_id for delivery_id, one in asked.items() if one in refusals]
    if refused:
        ledger.skip(refused, SkipReason.SUPPRESSED, batch_id=batch_id, now=now)
    deliveries = [_claimed(row) for row in rows if asked[row.id] not in refusals]
    if not deliveries:
        ledger.put_back(batch_id, worker=worker, due_at=now)
    return ClaimedAlone(batch_id, deliveries, is_more)


def _claimed(row: Any) -> Claimed:
    claimed = Claimed.of(row)
    if claimed.subscriber_id is not None:
        claimed.reader = reader_of(*row[len(CLAIMED_COLUMNS) : -1])
    return claimed
