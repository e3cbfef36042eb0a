"""Imports."""

from uuid import UUID

from mailer.audience.importing import forecast, run, undo
from mailer.db import db
from mailer.jobs import CHECK_IMPORT, RUN_IMPORT, SWEEP_IMPORTS, UNDO_IMPORT
from mailer.lib.clock import utcnow
from workers import MINUTE, actor


@actor(CHECK_IMPORT, time_limit=60 * MINUTE)
def check_import(import_id: str) -> None:
    """Count what an import would do."""
    for _ in forecast.forecast_chunks(UUID(import_id), now=utcnow()):
        db.session.commit()


@actor(RUN_IMPORT, time_limit=60 * MINUTE)
def run_import(import_id: str) -> None:
    """Import what is left of a file; each chunk is committed with its checkpoint."""
    for _ in run.import_chunks(UUID(import_id)):
        db.session.commit()


@actor(UNDO_IMPORT, time_limit=60 * MINUTE)
def undo_import(import_id: str) -> None:
    """Take back what an import did."""
    for _ in undo.undo_chunks(UUID(import_id)):
        db.session.commit()


@actor(SWEEP_IMPORTS)
def sweep_imports() -> None:
    """Ask again for imports that were left behind."""
    run.sweep_imports(now=utcnow())
    db.session.commit()
