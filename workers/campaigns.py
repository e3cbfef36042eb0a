"""Launching what was scheduled."""

from mailer.campaigns import launch_due as due
from mailer.jobs import LAUNCH_DUE
from mailer.lib.clock import utcnow
from workers import actor


@actor(LAUNCH_DUE, max_retries=0)
def launch_due() -> None:
    """Launch the campaigns whose time has come."""
    due.launch_due(now=utcnow())
