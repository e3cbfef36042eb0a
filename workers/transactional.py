"""Messages to one person."""

from uuid import UUID

from mailer.delivery import send
from mailer.jobs import DELIVER_TRANSACTIONAL
from workers import MINUTE, actor


@actor(DELIVER_TRANSACTIONAL, max_retries=0, time_limit=40 * MINUTE)
def deliver_transactional(delivery_id: str) -> None:
    """Send one message, if it is due."""
    send.deliver_one(UUID(delivery_id))
