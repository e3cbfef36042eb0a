"""Fetching what came back."""

from mailer.bounces import poll
from mailer.jobs import POLL_MAILBOXES
from workers import MINUTE, actor


@actor(POLL_MAILBOXES, max_retries=0, time_limit=10 * MINUTE)
def poll_mailboxes() -> None:
    """Read every workspace's return mailbox; what was read is committed before it is removed."""
    poll.poll_mailboxes()
