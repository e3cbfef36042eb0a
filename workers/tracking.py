"""Storing what readers did."""

from mailer.jobs import INGEST_EVENTS, MAKE_ROOM
from mailer.lib.clock import utcnow
from mailer.tracking import ingest, partitions
from workers import MINUTE, actor


@actor(INGEST_EVENTS, max_retries=0, time_limit=30 * MINUTE)
def ingest_events() -> None:
    """Bring this machine's spool into the database."""
    ingest.ingest_events()


@actor(MAKE_ROOM, max_retries=0, time_limit=30 * MINUTE)
def make_room() -> None:
    """Make the tables of the months to come, and drop those that are no longer kept."""
    partitions.make_room(now=utcnow())
