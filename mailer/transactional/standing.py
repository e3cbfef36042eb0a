"""What became of a message, in the words of the API and of the log."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select

from mailer.bounces.models import Return
from mailer.bounces.parsers.returned import Kind
from mailer.db import db
from mailer.delivery.models import Delivery, DeliveryState, SkipReason


class Status(StrEnum):
    """Where one address stands; a message stands where the address stands that it went worst with."""

    COMPLAINED = "complained"
    BOUNCED = "bounced"
    FAILED = "failed"
    SUPPRESSED = "suppressed"
    DELAYED = "delivery_delayed"
    QUEUED = "queued"
    SCHEDULED = "scheduled"
    CANCELLED = "cancelled"
    SENT = "sent"


_ORDER = list(Status)


def statuses_of(deliveries: Iterable[Delivery], *, now: datetime) -> dict[UUID, Status]:
    """Return where each delivery stands, what came back afterwards included."""
    deliveries = list(deliveries)
    returned = _returned([each.id for each in deliveries])
    return {each.id: returned.get(each.id) or status_of(each, now=now) for each in deliveries}


def worst(statuses: Iterable[Status]) -> Status:
    """Return the one that says most about a message; queued where there is no address left."""
    return min(statuses, key=_ORDER.index, default=Status.QUEUED)


def status_of(delivery: Delivery, *, now: datetime) -> Status:
    """Return where a delivery stands as its server left it."""
    match delivery.state:
        case DeliveryState.ACCEPTED:
            return Status.SENT
        case DeliveryState.REJECTED:
            return Status.FAILED
        case DeliveryState.SKIPPED:
            is_cancelled = delivery.skip_reason is SkipReason.CANCELLED
            return Status.CANCELLED if is_cancelled else Status.SUPPRESSED
    if delivery.attempt:
        return Status.DELAYED
    is_later = delivery.next_try_at is not None and delivery.next_try_at > now
    return Status.SCHEDULED if is_later else Status.QUEUED


def _returned(deliveries: list[UUID]) -> dict[UUID, Status]:
    if not deliveries:
        return {}
    rows = db.session.execute(
        select(Return.delivery_id, Return.kind)
        .where(Return.delivery_id.in_(deliveries), Return.kind.in_([Kind.BOUNCE, Kind.COMPLAINT]))
        .order_by(Return.id)
    )
    words = {Kind.BOUNCE: Status.BOUNCED, Kind.COMPLAINT: Status.COMPLAINED}
    return {delivery_id: words[kind] for delivery_id, kind in rows if delivery_id is not None}
