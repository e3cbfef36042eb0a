"""Changing one's mind about a message that has not left yet."""

from datetime import datetime

from mailer import signals
from mailer.db import db
from mailer.delivery import ledger
from mailer.errors import Conflict
from mailer.jobs import DELIVER_TRANSACTIONAL, later
from mailer.transactional.letter import MOST_AHEAD, wrong
from mailer.transactional.models import TransactionalMessage
from mailer.transactional.queries import deliveries_of


def cancel(message: TransactionalMessage, *, now: datetime) -> None:
    """Send a message to nobody whom it has not gone to yet; doing it twice changes nothing.

    :raises Conflict: it has gone to everybody, or is being handed over
    """
    if message.cancelled_at is not None:
        return
    if not ledger.cancel_alone(message.id, now=now):
        raise Conflict("This message has left or is being handed over; it cannot be cancelled any more.")
    message.cancelled_at = now
    db.session.flush()


def reschedule(message: TransactionalMessage, *, at: datetime, now: datetime) -> None:
    """Let a message leave at another time; one that has passed means at once.

    :raises Conflict: it was tried already, or cancelled
    :raises Invalid: the time is too far away
    """
    if at > now + MOST_AHEAD:
        raise wrong("scheduled_at", f"A message can be scheduled {MOST_AHEAD.days} days ahead at most.")
    is_later = at > now
    if not ledger.reschedule_alone(message.id, at=max(at, now)):
        raise Conflict("This message does not wait for its time any more.")
    message.scheduled_at = at if is_later else None
    db.session.flush()
    if is_later:
        deliveries = [delivery.id for delivery in deliveries_of([message.id])[message.id]]
        signals.messages_scheduled.send(message.workspace_id, deliveries=deliveries)
    else:
        later(DELIVER_TRANSACTIONAL)
