"""Storing what readers did."""

from mailer.jobs import INGEST_EVENTS
from mailer.tracking import ingest
from workers import MINUTE, actor


@actor(INGEST_EVENTS, max_retries=0, time_limit=30 * MINUTE)
def ingest_events() -> None:
    """Bring this machine's spool into the database."""
    ingest.ingest_events()
