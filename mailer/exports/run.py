"""The work of an export: a page of lines at a time into a file of the run's own.

After a run that was killed another goes on where it was, in a file of its own; of two runs
at once the one that began last goes on, and the other sees at its next page that it is no
longer meant.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, update

from mailer import signals
from mailer.db import begin_reading, db
from mailer.errors import MailerError
from mailer.exports.begin import path_of
from mailer.exports.known import PAGE, Chosen
from mailer.exports.models import KEPT_FOR, Export, ExportFormat, ExportKind, ExportStatus
from mailer.exports.partial import Partial, take_over
from mailer.exports.people import csv_of_people, json_of_people
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
    before = db.session.scalar(select(Export.run_id).where(Export.id == export_id))
    is_free = (Export.status == ExportStatus.RUNNING) & (Export.run_id == before)
    if not _move(export_id, is_free, run_id=run_id):
        return
    yield
    is_ours = Export.run_id == run_id
    begin_reading()
    export = db.session.get(Export, export_id)
    if export is None:
        return
    partial = take_over(export, run_id, before=before)
    db.session.rollback()
    try:
        for done, size in _pages_written(export_id, partial):
            if not _move(export_id, is_ours, done_count=done, byte_count=size):
                partial.path.unlink(missing_ok=True)
                return
            yield
        finished = _end(export_id, is_ours, status=ExportStatus.FINISHED)
        if finished is None:
            return
        partial.path.replace(path_of(finished))
        yield
    except MailerError as error:
        # Something that it names is gone.
        db.session.rollback()
        partial.path.unlink(missing_ok=True)
        _end(export_id, is_ours, status=ExportStatus.FAILED, byte_count=0, error=error.message[:500])
        yield


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


def _pages_written(export_id: UUID, partial: Partial) -> Iterator[tuple[int, int]]:
    """Write a page of rows after the other, outside any transaction.

    :return: how many rows and bytes there are by then; first those that were there already
    """
    yield partial.done, partial.size
    begin_reading()
    export = db.session.get(Export, export_id)
    if export is None:
        return
    headings, lines = _lines(export, after=partial.last)
    if not partial.begins_with(headings):
        # Somebody made or deleted a field meanwhile.
        partial = partial.emptied()
        headings, lines = _lines(export, after=None)
    done = partial.done
    with partial.path.open("a", encoding="utf-8", newline="") as file:
        file.write("" if partial.size else headings)
        while page := list(islice(lines, PAGE)):
            file.writelines(page)
            file.flush()
            done += len(page)
            # SQLite has one writer at a time: rows are read while it is somebody else.
            db.session.rollback()
            yield done, file.tell()
            begin_reading()
        db.session.rollback()
        file.flush()
        yield done, file.tell()


def _lines(export: Export, *, after: UUID | None) -> tuple[str, Iterator[str]]:
    """Return the headings, which are no row, and the rows."""
    if export.kind is ExportKind.SUPPRESSIONS:
        lines = csv_of_suppressions(export.workspace_id)
        return next(lines), lines
    selection = Selection.of(export.selection)
    chosen = replace(Chosen.of(export.workspace_id, selection, now=utcnow()), after=after)
    if export.format is ExportFormat.JSONL:
        return "", json_of_people(chosen)
    lines = csv_of_people(chosen)
    return next(lines), lines
