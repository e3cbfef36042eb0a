"""The work of an import: a chunk of rows at a time, each with its checkpoint in one transaction.

A run that was killed goes on after the last chunk that was committed; two runs at once
do no harm, since only one of them moves the checkpoint.
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from datetime import datetime, timedelta
from itertools import islice
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select, update

from mailer import signals
from mailer.audience.importing.begin import stale_imports
from mailer.audience.importing.plan import CHUNK, plan_of, sorted_out
from mailer.audience.importing.receive import forget_files, rows_of
from mailer.audience.importing.write import Tally, write
from mailer.audience.models import UNDO_FOR, Import, ImportChange, ImportStatus
from mailer.bulk import make_room
from mailer.db import db
from mailer.errors import Invalid
from mailer.jobs import CHECK_IMPORT, RUN_IMPORT, UNDO_IMPORT, later
from mailer.lib.clock import utcnow

_PATIENCE: Final = timedelta(minutes=2)
_CHUNK_OF_ONE_WRITER: Final = 2_500
_JOBS: Final = {
    ImportStatus.CHECKING: CHECK_IMPORT,
    ImportStatus.RUNNING: RUN_IMPORT,
    ImportStatus.UNDOING: UNDO_IMPORT,
}


def import_chunks(import_id: UUID) -> Iterator[None]:
    """Take an import's remaining rows, yielding after each chunk; the caller commits it.

    Ends early when the import was paused or cancelled, or another run goes on with it.
    """
    source = db.session.get(Import, import_id)
    if source is None or source.status is not ImportStatus.RUNNING:
        return
    try:
        # A run that goes on reads every date as the first one did.
        plan = plan_of(source, now=source.started_at or utcnow())
        stored_as, done = source.stored_as, source.done_count
        # SQLite has one writer at a time: rows are read while it is somebody else.
        db.session.commit()
        with closing(rows_of(stored_as)) as rows:
            left = islice(rows, done, None)
            size = _rows_at_once()
            while chunk := list(islice(left, size)):
                batch = sorted_out(plan, chunk, first_number=done + 2)
                make_room()
                if not _move_checkpoint(import_id, done, len(chunk)):
                    db.session.rollback()
                    return
                _count(import_id, write(plan, batch, now=utcnow()))
                done += len(chunk)
                yield
        _finish(import_id, ImportStatus.FINISHED)
    except (Invalid, OSError) as error:
        db.session.rollback()
        gone = "The uploaded file is gone; upload it again."
        _finish(import_id, ImportStatus.FAILED, error=error.message if isinstance(error, Invalid) else gone)
    yield


def sweep_imports(*, now: datetime) -> None:
    """Ask again for imports whose run has given no sign of life; forget what can no longer be undone."""
    for source in stale_imports(before=now - _PATIENCE):
        source.touched_at = now
        later(_JOBS[source.status], str(source.id))
    old = select(Import.id).where(Import.finished_at < now - UNDO_FOR)
    db.session.execute(
        delete(ImportChange)
        .where(ImportChange.import_id.in_(old))
        .execution_options(synchronize_session=False)
    )


def _rows_at_once() -> int:
    """Return how many rows are written between two commits.

    Whoever presses a button on SQLite waits for its one writer meanwhile: with 10,000 rows
    for up to eight seconds on a busy machine.
    """
    is_sqlite = db.session.get_bind().dialect.name == "sqlite"
    return min(CHUNK, _CHUNK_OF_ONE_WRITER) if is_sqlite else CHUNK


def _move_checkpoint(import_id: UUID, done: int, row_count: int) -> bool:
    moved = db.session.scalar(
        update(Import)
        .where(Import.id == import_id, Import.status == ImportStatus.RUNNING, Import.done_count == done)
        .values(done_count=Import.done_count + row_count, touched_at=utcnow())
        .returning(Import.id)
        .execution_options(synchronize_session=False)
    )
    return moved is not None


def _count(import_id: UUID, tally: Tally) -> None:
    counts = {f"{name}_count": count for name, count in asdict(tally).items()}
    db.session.execute(
        update(Import)
        .where(Import.id == import_id)
        .values({name: getattr(Import, name) + count for name, count in counts.items()})
        .execution_options(synchronize_session=False)
    )


def _finish(import_id: UUID, status: ImportStatus, *, error: str = "") -> None:
    make_room(is_needed=False)
    stored_as = db.session.scalar(
        update(Import)
        .where(Import.id == import_id, Import.status == ImportStatus.RUNNING)
        .values(status=status, error=error[:500], finished_at=utcnow())
        .returning(Import.stored_as)
        .execution_options(synchronize_session=False)
    )
    if stored_as is not None:
        forget_files(Import(stored_as=stored_as))
        signals.import_ended.send(db.session.get_one(Import, import_id, populate_existing=True))
