"""Exports."""

from uuid import UUID

from mailer.db import db
from mailer.exports import run
from mailer.jobs import SWEEP_EXPORTS, WRITE_EXPORT
from mailer.lib.clock import utcnow
from workers import MINUTE, actor


@actor(WRITE_EXPORT, time_limit=6 * 60 * MINUTE)
def write_export(export_id: str) -> None:
    """Write an export's file; how far it is is committed page by page."""
    for _ in run.export_chunks(UUID(export_id)):
        db.session.commit()


@actor(SWEEP_EXPORTS)
def sweep_exports() -> None:
    """Ask again for exports that were left behind; delete files that were kept long enough."""
    run.sweep_exports(now=utcnow())
    db.session.commit()
