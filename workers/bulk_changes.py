"""Changes to many subscribers."""

from uuid import UUID

from mailer.bulk_changes import run
from mailer.db import db
from mailer.jobs import RUN_BULK_CHANGE, SWEEP_BULK_CHANGES, UNDO_BULK_CHANGE
from mailer.lib.clock import utcnow
from workers import MINUTE, actor


@actor(RUN_BULK_CHANGE, time_limit=60 * MINUTE)
def run_bulk_change(change_id: str) -> None:
    """Change who is left; each chunk is committed with its mark."""
    for _ in run.run_chunks(UUID(change_id)):
        db.session.commit()


@actor(UNDO_BULK_CHANGE, time_limit=60 * MINUTE)
def undo_bulk_change(change_id: str) -> None:
    """Take back what a change did."""
    for _ in run.undo_chunks(UUID(change_id)):
        db.session.commit()


@actor(SWEEP_BULK_CHANGES)
def sweep_bulk_changes() -> None:
    """Ask again for changes that were left behind."""
    run.sweep_changes(now=utcnow())
    db.session.commit()
