"""Counting audiences, and writing digests."""

from mailer.db import db
from mailer.jobs import SEND_DIGESTS, TAKE_SNAPSHOTS
from mailer.lib.clock import utcnow
from mailer.reports import digest, snapshot
from workers import MINUTE, actor


@actor(TAKE_SNAPSHOTS, max_retries=0, time_limit=60 * MINUTE)
def take_snapshots() -> None:
    """Count the audiences whose figures are old."""
    snapshot.take_snapshots(now=utcnow())


@actor(SEND_DIGESTS, max_retries=0)
def send_digests() -> None:
    """Write the weekly digests that are due."""
    digest.send_digests(now=utcnow())
    db.session.commit()
