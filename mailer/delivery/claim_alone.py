"""Claiming messages that belong to no campaign: a few at a time, each of its own sender and stream."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, bindparam, select

from mailer.consent import gate
from mailer.db import begin_reading, db, looking_first
from mailer.delivery.claim import due, gather
from mailer.delivery.compose import READER_COLUMNS, Reader, reader_of
from mailer.delivery.ledger import CLAIMED_COLUMNS, Claimed
from mailer.delivery.models import Delivery, Message
from mailer.lib.addresses import address_key

_CLAIMED: Final = (
    select(*CLAIMED_COLUMNS, *READER_COLUMNS, Message.stream)
    .join(Message, Message.id == Delivery.message_id)
    .outerjoin(Reader, Reader.id == Delivery.subscriber_id)
    .where(Delivery.batch_id == bindparam("asked_batch"))
    .order_by(Delivery.id)
)


@dataclass(frozen=True, slots=True)
class ClaimedAlone:
    """A few that one worker holds.

    :ivar deliveries: what of them may be sent
    :ivar refused: whom the gate refuses
    :ivar is_more: whether others are due besides
    """

    id: UUID
    deliveries: list[Claimed]
    refused: list[UUID]
    is_more: bool


def is_anyone_due(*, now: datetime) -> bool:
    """Whether a message that belongs to no campaign waits to be sent; asked without waiting for writers."""
    with looking_first() as connection:
        return _is_anyone_due(connection, now=now)


def claim_alone(size: int, *, worker: str, now: datetime) -> ClaimedAlone | None:
    """Take what belongs to no campaign and is due, and ask the gate.

    It commits as soon as that is taken, and then only reads: on SQLite programs that post
    wait until then. The reading is left open for what else is to be known.

    :param size: how many at most
    :return: None when nothing is due
    """
    batch_id = gather(None, worker=worker, now=now, size=size)
    db.session.commit()
    if batch_id is None:
        return None
    begin_reading()
    connection = db.session.connection()
    rows = connection.execute(_CLAIMED, {"asked_batch": batch_id}).all()
    asked = {row.id: gate.Asked(row.workspace_id, address_key(row.email), row.stream) for row in rows}
    refusals = gate.transactional_refusals(asked.values())
    return ClaimedAlone(
        batch_id,
        [_claimed(row) for row in rows if asked[row.id] not in refusals],
        [delivery_id for delivery_id, one in asked.items() if one in refusals],
        is_more=len(rows) == size and _is_anyone_due(connection, now=now),
    )


def _is_anyone_due(connection: Connection, *, now: datetime) -> bool:
    return connection.scalar(due(is_alone=True), {"asked_now": now, "asked_size": 1}) is not None


def _claimed(row: Any) -> Claimed:
    claimed = Claimed.of(row)
    if claimed.subscriber_id is not None:
        claimed.reader = reader_of(*row[len(CLAIMED_COLUMNS) : -1])
    return claimed
