"""Messages to one person."""

from mailer.delivery import alone
from mailer.jobs import DELIVER_TRANSACTIONAL, REDACT_MESSAGES
from mailer.lib.clock import utcnow
from mailer.transactional import redact
from workers import MINUTE, actor


@actor(DELIVER_TRANSACTIONAL, max_retries=0, time_limit=40 * MINUTE)
def deliver_transactional() -> None:
    """Send what is due and belongs to no campaign."""
    alone.deliver_alone()


@actor(REDACT_MESSAGES, max_retries=0, time_limit=30 * MINUTE)
def redact_messages() -> None:
    """Forget what was kept for long enough."""
    redact.redact_messages(now=utcnow())
