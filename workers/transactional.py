"""Messages to one person."""

from uuid import UUID

from mailer.delivery import send
from mailer.jobs import DELIVER_TRANSACTIONAL, REDACT_MESSAGES
from mailer.lib.clock import utcnow
from mailer.transactional import redact
from workers import MINUTE, actor


@actor(DELIVER_TRANSACTIONAL, max_retries=0, time_limit=40 * MINUTE)
def deliver_transactional(delivery_id: str) -> None:
    """Send one message, if it is due."""
    send.deliver_one(UUID(delivery_id))


@actor(REDACT_MESSAGES, max_retries=0, time_limit=30 * MINUTE)
def redact_messages() -> None:
    """Forget what was kept for long enough."""
    redact.redact_messages(now=utcnow())
