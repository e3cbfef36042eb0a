"""Telling endpoints what happened."""

from uuid import UUID

from mailer.db import db
from mailer.jobs import FORGET_OLD_EVENTS, POST_WEBHOOKS, SWEEP_WEBHOOKS
from mailer.lib.clock import utcnow
from mailer.webhooks import post, sweep
from workers import MINUTE, actor


@actor(POST_WEBHOOKS, max_retries=0, time_limit=15 * MINUTE)
def post_webhooks(endpoint_id: str) -> None:
    """Post what is due at one endpoint."""
    post.post_webhooks(UUID(endpoint_id))


@actor(SWEEP_WEBHOOKS, max_retries=0)
def sweep_webhooks() -> None:
    """Ring for endpoints with something due that nobody is at."""
    sweep.sweep_webhooks(now=utcnow())
    db.session.commit()


@actor(FORGET_OLD_EVENTS, max_retries=0)
def forget_old_events() -> None:
    """Delete the events whose time is over, and what became of them."""
    sweep.forget_old_events(now=utcnow())
    db.session.commit()
