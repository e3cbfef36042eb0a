"""Launching what was scheduled, and following the links of drafts."""

from uuid import UUID

from mailer.campaigns import follow_links as following
from mailer.campaigns import launch_due as due
from mailer.jobs import FOLLOW_LINKS, LAUNCH_DUE
from mailer.lib.clock import utcnow
from workers import MINUTE, actor


@actor(LAUNCH_DUE, max_retries=0)
def launch_due() -> None:
    """Launch the campaigns whose time has come."""
    due.launch_due(now=utcnow())


@actor(FOLLOW_LINKS, max_retries=0, time_limit=2 * MINUTE)
def follow_links(campaign_id: str) -> None:
    """Look whether the links and pictures of a draft answer."""
    following.follow_links(UUID(campaign_id), now=utcnow())
