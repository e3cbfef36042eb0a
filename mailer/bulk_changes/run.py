"""The work of a bulk change: some hundred people at a time, each with its mark in one transaction.

A run that was killed goes on behind the last person who was committed. Two runs at once
do no harm: each holds the change's row while it is at a chunk.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select

from mailer.audience.models import Subscriber
from mailer.bulk import is_among
from mailer.bulk_changes.kinds import KINDS, Changed
from mailer.bulk_changes.models import UNDO_FOR, BulkChange, ChangedSubscriber, ChangeStatus
from mailer.db import db, insert_missing
from mailer.errors import MailerError
from mailer.jobs import RUN_BULK_CHANGE, UNDO_BULK_CHANGE, later
from mailer.lib.clock import utcnow
from mailer.segments.selection import Selection

_AT_ONCE: Final = 500
_PATIENCE: Final = timedelta(minutes=2)


def run_chunks(change_id: UUID) -> Iterator[None]:
    """Change who is left, yielding after each chunk; the caller commits it.

    Ends early when the change was stopped.
    """
    while (change := _held(change_id, ChangeStatus.RUNNING)) is not None:
        now = utcnow()
        try:
            people = _next(change, now)
            changed = KINDS[change.kind].do(change, people, now) if people else {}
        except MailerError as error:
            # Something that it needs is gone; what was done until then stays.
            db.session.rollback()
            _end(change_id, ChangeStatus.FAILED, error=error.message)
            yield
            return
        if not people:
            _end(change_id, ChangeStatus.FINISHED)
            yield
            return
        _remember(change, changed)
        change.after_id = people[-1].id
        change.done_count += len(people)
        change.changed_count += len(changed)
        change.touched_at = now
        yield


def undo_chunks(change_id: UUID) -> Iterator[None]:
    """Take back what a change did, yielding after each chunk; the caller commits it.

    Ends early when what it would put back, such as the tag, was deleted since.
    """
    while (change := _held(change_id, ChangeStatus.UNDOING)) is not None:
        change.touched_at = utcnow()
        rows = db.session.scalars(
            select(ChangedSubscriber)
            .where(ChangedSubscriber.bulk_change_id == change_id)
            .order_by(ChangedSubscriber.subscriber_id)
            .limit(_AT_ONCE)
        ).all()
        if not rows:
            change.status = ChangeStatus.UNDONE
            yield
            return
        before = {row.subscriber_id: row.before for row in rows}
        people = db.session.scalars(
            select(Subscriber).where(is_among(Subscriber.id, list(before))).order_by(Subscriber.id)
        ).all()
        undo = KINDS[change.kind].undo
        assert undo is not None
        try:
            undo(change, people, before)
        except MailerError as error:
            db.session.rollback()
            _give_up_undoing(change_id, f"It could not be taken back. {error.message}")
            yield
            return
        for row in rows:
            db.session.delete(row)
        change.undone_count += len(rows)
        yield


def sweep_changes(*, now: datetime) -> None:
    """Ask again for changes whose run gave no sign of life; forget what can no longer be undone."""
    jobs = {ChangeStatus.RUNNING: RUN_BULK_CHANGE, ChangeStatus.UNDOING: UNDO_BULK_CHANGE}
    for change in db.session.scalars(
        select(BulkChange).where(BulkChange.status.in_(list(jobs)), BulkChange.touched_at < now - _PATIENCE)
    ):
        change.touched_at = now
        later(jobs[change.status], str(change.id))
    old = select(BulkChange.id).where(BulkChange.finished_at < now - UNDO_FOR)
    db.session.execute(
        delete(ChangedSubscriber)
        .where(ChangedSubscriber.bulk_change_id.in_(old))
        .execution_options(synchronize_session=False)
    )


def _held(change_id: UUID, status: ChangeStatus) -> BulkChange | None:
    return db.session.scalar(
        select(BulkChange)
        .where(BulkChange.id == change_id, BulkChange.status == status)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def _next(change: BulkChange, now: datetime) -> list[Subscriber]:
    """Return the next people, of those who were here when it began."""
    people, key = Selection.of(change.selection).people(change.workspace_id, now=now)
    # Ids sort by when they were made, the change's own among them.
    people = people.where(key < change.id)
    if change.after_id is not None:
        people = people.where(key > change.after_id)
    return list(db.session.scalars(people.order_by(key).limit(_AT_ONCE)))


def _remember(change: BulkChange, changed: Changed) -> None:
    if change.kind.has_way_back:
        insert_missing(
            ChangedSubscriber,
            [
                {"bulk_change_id": change.id, "subscriber_id": subscriber_id, "before": before}
                for subscriber_id, before in changed.items()
            ],
        )


def _give_up_undoing(change_id: UUID, error: str) -> None:
    # When it was finished stays: until when it can be undone counts from there.
    change = _held(change_id, ChangeStatus.UNDOING)
    if change is not None:
        change.status, change.error = ChangeStatus.FAILED, error[:500]


def _end(change_id: UUID, status: ChangeStatus, *, error: str = "") -> None:
    change = _held(change_id, ChangeStatus.RUNNING)
    if change is not None:
        change.status, change.error, change.finished_at = status, error[:500], utcnow()
