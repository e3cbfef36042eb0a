"""Changes to many subscribers for programs: begun, looked at, stopped, undone."""

from typing import Any, Literal

from flask import g
from pydantic import AwareDatetime, Field

from mailer.api.guards import api_blueprint
from mailer.api.idempotency import idempotent
from mailer.api.pages import PageQuery, page
from mailer.api.schemas import Given, Line, Shown, list_of
from mailer.audience.tags import tag_called
from mailer.bulk_changes import begin
from mailer.bulk_changes.models import BulkChange, ChangeKind, ChangeStatus
from mailer.bulk_changes.queries import change_by_id, changes_of
from mailer.lib.clock import utcnow
from mailer.segments.selected import Selected

bp = api_blueprint("bulk_changes_api", __name__, tag="Bulk changes")


class NewChange(Given):
    """A change to be made to many subscribers."""

    kind: ChangeKind
    selection: Selected
    tag: Line = Field("", max_length=60, description="Of “tag” and “untag”: its name.")
    list: Line = Field("", description="Of “subscribe” and “unsubscribe”.")
    basis: Line = Field("", max_length=500, description="Of “subscribe”: when and how they agreed.")
    field: Line = Field("", description="Of “set_field”: its id.")
    value: Line = Field("", max_length=500, description="Of “set_field”; empty forgets what there is.")


class ChangeShown(Shown):
    """A change to many subscribers."""

    object: Literal["bulk_change"] = "bulk_change"
    id: str
    kind: ChangeKind
    status: ChangeStatus
    total: int = Field(description="People who were meant when it began.")
    done: int = Field(description="How many of them were looked at.")
    changed: int
    undone: int
    error: str
    created_at: AwareDatetime
    finished_at: AwareDatetime | None


ChangePage = list_of(ChangeShown, "BulkChangePage")


@bp.get("/bulk-changes", endpoint="index_bulk_changes")
@bp.input(PageQuery, location="query")
@bp.output(ChangePage)
def index_changes(query_data: PageQuery) -> dict[str, Any]:
    """Read the changes, newest first."""
    found = changes_of(g.workspace.id)
    return page(found, BulkChange, query_data, lambda rows: [_shown(row) for row in rows])


@bp.post("/bulk-changes", endpoint="create_bulk_change")
@idempotent
@bp.input(NewChange)
@bp.output(ChangeShown, status_code=202)
def create_change(json_data: NewChange) -> ChangeShown:
    """Change everybody who is selected now: tag, put on a list, set a field, suppress, erase."""
    workspace_id = g.workspace.id
    selection = json_data.selection.selection(workspace_id)
    options = json_data.model_dump(include={"tag", "list", "basis", "field", "value"})
    if json_data.kind is ChangeKind.UNTAG:
        options["tag"] = tag_called(workspace_id, json_data.tag).public_id
    change = begin.begin_change(
        workspace_id, json_data.kind, selection, options=options, actor_id=None, now=utcnow()
    )
    return _shown(change)


@bp.get("/bulk-changes/<change_id>", endpoint="show_bulk_change")
@bp.output(ChangeShown)
def show_change(change_id: str) -> ChangeShown:
    """Read how far a change is."""
    return _shown(_change(change_id))


@bp.post("/bulk-changes/<change_id>/cancel", endpoint="cancel_bulk_change")
@idempotent
@bp.output(ChangeShown)
def cancel(change_id: str) -> ChangeShown:
    """Stop a change; who was changed stays so until it is undone."""
    change = _change(change_id)
    begin.cancel_change(change, now=utcnow())
    return _shown(change)


@bp.post("/bulk-changes/<change_id>/undo", endpoint="undo_bulk_change")
@idempotent
@bp.output(ChangeShown)
def undo(change_id: str) -> ChangeShown:
    """Take back what a change did, within 30 days; nobody who left or was erased comes back by it."""
    change = _change(change_id)
    begin.undo_change(change, now=utcnow())
    return _shown(change)


def _change(change_id: str) -> BulkChange:
    return change_by_id(g.workspace.id, change_id)


def _shown(change: BulkChange) -> ChangeShown:
    counts = {name: getattr(change, f"{name}_count") for name in ("total", "done", "changed", "undone")}
    return ChangeShown.of(change, **counts)
