"""Beginning an export, fetching its file, and taking both away."""

from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import func, select

from mailer.consent.models import Suppression
from mailer.current import settings
from mailer.db import db
from mailer.errors import Conflict, Invalid, NotFound
from mailer.exports.models import Export, ExportFormat, ExportKind, ExportStatus
from mailer.jobs import WRITE_EXPORT, later
from mailer.segments.selection import Selection


def begin_export(
    workspace_id: UUID,
    kind: ExportKind,
    selection: Selection,
    *,
    format: ExportFormat,
    actor_id: UUID | None,
    now: datetime,
) -> Export:
    """Have a worker write a file.

    :param selection: of subscribers
    :raises Invalid: the kind has no such format, or takes no selection
    :raises NotFound: something that was chosen is gone
    """
    if kind is ExportKind.SUBSCRIBERS:
        total = selection.count(workspace_id, now=now)
    elif format is not ExportFormat.CSV or selection.as_dict():
        raise Invalid("Suppressions are exported whole and as CSV.")
    else:
        counted = select(func.count()).where(Suppression.workspace_id == workspace_id)
        total = db.session.scalar(counted) or 0
    export = Export(
        workspace_id=workspace_id,
        created_by_id=actor_id,
        kind=kind,
        format=format,
        selection=selection.as_dict(),
        total_count=total,
        touched_at=now,
    )
    db.session.add(export)
    db.session.flush()
    later(WRITE_EXPORT, str(export.id))
    return export


def file_of(export: Export) -> Path:
    """Return where the file of a finished export lies.

    :raises Conflict: it is not finished
    :raises NotFound: it was kept long enough
    """
    if export.status in {ExportStatus.RUNNING, ExportStatus.FAILED}:
        raise Conflict("This export has no file yet." if not export.error else export.error)
    path = path_of(export)
    if export.status is ExportStatus.EXPIRED or not path.exists():
        raise NotFound("This export’s file is deleted; begin another.")
    return path


def delete_export(export: Export) -> None:
    """Forget an export and what is written of it; a run that is at it ends."""
    path = path_of(export)
    db.session.delete(export)
    db.session.flush()
    for each in (path, *path.parent.glob(f"{path.stem}-*.partial")):
        each.unlink(missing_ok=True)


def path_of(export: Export) -> Path:
    """Return where an export's file lies once it is finished."""
    return settings().data_dir / "exports" / f"{export.id}.{export.format}"
