"""Imports."""

from uuid import UUID

from mailer.audience import run_import as imports
from mailer.db import db
from mailer.jobs import RUN_IMPORT, SWEEP_IMPORTS
from mailer.lib.clock import utcnow
from workers import MINUTE, actor


@actor(RUN_IMPORT, time_limit=60 * MINUTE)
def run_import(import_id: str) -> None:
    """Import what is left of a file; each chunk is committed with its checkpoint."""
    for _ in imports.import_chunks(UUID(import_id)):
        db.session.commit()


@actor(SWEEP_IMPORTS)
def sweep_imports() -> None:
    """Ask again for imports that were left behind."""
    imports.sweep_imports(now=utcnow())
    db.session.commit()
