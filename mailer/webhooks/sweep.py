"""Finding what is due at endpoints, and forgetting what was told long ago."""

from datetime import datetime

from sqlalchemy import delete

from mailer.db import db
from mailer.jobs import POST_WEBHOOKS, later
from mailer.webhooks.models import KEPT_FOR, Event
from mailer.webhooks.post import due_endpoints


def sweep_webhooks(*, now: datetime) -> None:
    """Ring for each endpoint with something due that nobody is at: a retry, or what was left behind."""
    for endpoint_id in due_endpoints(now=now):
        later(POST_WEBHOOKS, str(endpoint_id))


def forget_old_events(*, now: datetime) -> int:
    """Delete events with all that became of them, once their time is over; return how many."""
    old = delete(Event).where(Event.created_at < now - KEPT_FOR)
    forgotten: int = db.session.execute(old).rowcount  # type: ignore[attr-defined]
    return forgotten
