"""The work of an export: a page of lines at a time into a file of the run's own.

A run that was killed begins again, in another file; of two runs at once the one that began
last goes on, and the other sees at its next page that it is no longer meant.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, update

from mailer import signals
from mailer.db import begin_reading, db
from mailer.errors import MailerError
from mailer.exports.begin import path_of
from mailer.exports.models import KEPT_FOR, Export, ExportFormat, ExportKind, ExportStatus
from mailer.exports.people import PAGE, Chosen, csv_of_people, json_of_people
from mailer.exports.suppressions import csv_of_suppressions
from mailer.jobs import WRITE_EXPORT, later
from mailer.lib.clock import utcnow
from mailer.lib.ids import uuid7
from mailer.segments.selection import Selection

_PATIENCE: Final = timedelta(minutes=2)


def export_chunks(export_id: UUID) -> Iterator[None]:
    """Write an export's file, yielding whenever there is something to commit.

    Ends early when the export was deleted, or another run is at it.
    """
    run_id = uuid7()
    if not _move(export_id, Export.status == ExportStatus.RUNNING, run_id=run_id, done_count=0):
        return
    yield
    is_ours = Export.run_id == run_id
    partial = _new_file(export_id, run_id)
    try:
        for done in _pages_written(export_id, partial):
            if not _move(export_id, is_ours, done_count=done):
                return
            yield
        export = _end(export_id, is_ours, status=ExportStatus.FINISHED, byte_count=partial.stat().st_size)
        if export is not None:
            partial.replace(path_of(export))
        yield
    except MailerError as error:
        # Something that it names is gone.
        db.session.rollback()
        _end(export_id, is_ours, status=ExportStatus.FAILED, error=error.message[:500])
        yield
    finally:
        partial.unlink(missing_ok=True)


def sweep_exports(*, now: datetime) -> None:
    """Ask again for exports whose run gave no sign of life; delete the files that were kept long enough."""
    status, touched_at = Export.status, Export.touched_at
    for export in db.session.scalars(
        select(Export).where(status == ExportStatus.RUNNING, touched_at < now - _PATIENCE)
    ):
        export.touched_at = now
        later(WRITE_EXPORT, str(export.id))
    for export in db.session.scalars(
        select(Export).where(status == ExportStatus.FINISHED, touched_at < now - KEPT_FOR)
    ):
        export.status = ExportStatus.EXPIRED
        path_of(export).unlink(missing_ok=True)


def _move(export_id: UUID, condition: Any, **values: Any) -> bool:
    """Write down how far an export is, if a condition still holds."""
    moved = db.session.scalar(
        update(Export)
        .where(Export.id == export_id, condition)
        .values(touched_at=utcnow(), **values)
        .returning(Export.id)
    )
    return moved is not None


def _end(export_id: UUID, condition: Any, **values: Any) -> Export | None:
    """End an export, if a condition still holds, and say so."""
    if not _move(export_id, condition, finished_at=utcnow(), **values):
        return None
    export = db.session.get_one(Export, export_id, populate_existing=True)
    signals.export_ended.send(export)
    return export


def _new_file(export_id: UUID, run_id: UUID) -> Path:
    """Return where a run writes, without what runs that were killed left behind."""
    folder = path_of(db.session.get_one(Export, export_id)).parent
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(f"{export_id}-*.partial"):
        left.unlink(missing_ok=True)
    return folder / f"{export_id}-{run_id}.partial"


def _pages_written(export_id: UUID, path: Path) -> Iterator[int]:
    """Write a page of rows after the other, yielding how many there are by then, outside any transaction."""
    db.session.rollback()
    begin_reading()
    export = db.session.get_one(Export, export_id)
    lines, done = _lines(export), 0
    with path.open("w", encoding="utf-8", newline="") as file:
        if export.format is ExportFormat.CSV:
            # The headings are no row.
            file.write(next(lines))
        while page := list(islice(lines, PAGE)):
            file.writelines(page)
            done += len(page)
            # SQLite has one writer at a time: rows are read while it is somebody else.
            db.session.rollback()
            yield done
            begin_reading()


def _lines(export: Export) -> Iterator[str]:
    if export.kind is ExportKind.SUPPRESSIONS:
        return csv_of_suppressions(export.workspace_id)
    chosen = Chosen.of(export.workspace_id, Selection.of(export.selection), now=utcnow())
    return csv_of_people(chosen) if export.format is ExportFormat.CSV else json_of_people(chosen)
