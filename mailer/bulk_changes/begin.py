"""Beginning a change to many subscribers, stopping it, and asking for the way back."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import update

from mailer.bulk_changes.kinds import KINDS
from mailer.bulk_changes.models import BulkChange, ChangeKind, ChangeStatus
from mailer.db import db
from mailer.errors import Conflict, Invalid
from mailer.jobs import RUN_BULK_CHANGE, UNDO_BULK_CHANGE, later
from mailer.segments.selection import Selection


def begin_change(
    workspace_id: UUID,
    kind: ChangeKind,
    selection: Selection,
    *,
    options: Mapping[str, str],
    actor_id: UUID | None,
    now: datetime,
) -> BulkChange:
    """Have a worker change everybody who is selected now.

    :raises Invalid: nobody is selected, or what the kind takes is missing or does not fit
    :raises NotFound: something that was chosen is gone
    """
    total = selection.count(workspace_id, now=now)
    if not total:
        raise Invalid("Choose at least one subscriber first.")
    change = BulkChange(
        workspace_id=workspace_id,
        created_by_id=actor_id,
        kind=kind,
        selection=selection.as_dict(),
        options=KINDS[kind].check(workspace_id, options),
        total_count=total,
        created_at=now,
        touched_at=now,
    )
    db.session.add(change)
    db.session.flush()
    later(RUN_BULK_CHANGE, str(change.id))
    return change


def cancel_change(change: BulkChange, *, now: datetime) -> None:
    """Stop a change after the people that it is at; who was changed stays so until it is undone."""
    _move(change, ChangeStatus.RUNNING, status=ChangeStatus.CANCELLED, finished_at=now)


def undo_change(change: BulkChange, *, now: datetime) -> None:
    """Have a worker take a change back, wherever nobody has changed the same again.

    :raises Conflict: it cannot be undone, or no longer
    """
    if not change.can_be_undone(now):
        raise Conflict("This change cannot be undone, or no longer.")
    _move(change, change.status, status=ChangeStatus.UNDOING, touched_at=now)
    later(UNDO_BULK_CHANGE, str(change.id))


def _move(change: BulkChange, allowed: ChangeStatus, **values: object) -> None:
    moved = db.session.scalar(
        update(BulkChange)
        .where(BulkChange.id == change.id, BulkChange.status == allowed)
        .values(values)
        .returning(BulkChange.id)
    )
    if moved is None:
        raise Conflict("This change is over already, or does not run.")
