"""Exports for programs: streamed at once, or written by a worker and fetched when they are finished."""

from typing import Any, Literal

from flask import Response, g
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from mailer.api.guards import api_blueprint
from mailer.api.idempotency import idempotent
from mailer.api.pages import PageQuery, page
from mailer.api.schemas import Given, Line, Shown, list_of
from mailer.audience.tags import tag_called
from mailer.db import db
from mailer.exports import begin, queries
from mailer.exports.known import Chosen
from mailer.exports.models import Export, ExportFormat, ExportKind, ExportStatus
from mailer.exports.people import csv_of_people, json_of_people
from mailer.exports.suppressions import csv_of_suppressions
from mailer.lib.clock import utcnow
from mailer.segments.selected import Selected
from mailer.segments.selection import Selection
from mailer.web.answers import file_answer, stored_file_answer

bp = api_blueprint("exports_api", __name__, tag="Exports")


class PeopleQuery(BaseModel):
    """Whom an export is of, and in which form."""

    model_config = ConfigDict(extra="forbid")

    format: Literal["csv", "jsonl"] = Field(
        "csv", description="“jsonl” holds every consent record and event, a person in each line."
    )
    segment: str = Field("", description="Only people in this segment; then nothing else narrows.")
    list: str = Field("", description="Only those with a place on this list.")
    status: Literal["", "pending", "active", "unsubscribed"] = ""
    tag: Line = Field("", description="Only those with this tag.")


class NewExport(Given):
    """A file to be written."""

    kind: ExportKind
    format: ExportFormat = Field(
        ExportFormat.CSV,
        description="“jsonl”, of subscribers, holds every consent record and event, a person in each line.",
    )
    selection: Selected = Field(
        default_factory=Selected, description="Of subscribers; suppressions are exported whole."
    )


class ExportShown(Shown):
    """A file that a worker writes, and how far it is."""

    object: Literal["export"] = "export"
    id: str
    kind: ExportKind
    format: ExportFormat
    status: ExportStatus
    total: int = Field(description="Rows that were meant when it began.")
    done: int = Field(description="How many of them are written.")
    bytes: int = Field(description="Of what is written.")
    error: str
    created_at: AwareDatetime
    finished_at: AwareDatetime | None
    expires_at: AwareDatetime | None = Field(description="When the file is deleted: two days later.")


ExportPage = list_of(ExportShown, "ExportPage")


def _files(*kinds: str) -> dict[int | str, Any]:
    content = {kind: {"schema": {"type": "string"}} for kind in kinds}
    return {200: {"description": "The file, streamed.", "content": content}}


_PEOPLE_FILES = _files("text/csv", "application/x-ndjson")


@bp.get("/exports")
@bp.input(PageQuery, location="query")
@bp.output(ExportPage)
def index_exports(query_data: PageQuery) -> dict[str, Any]:
    """Read the exports that a worker wrote or writes, newest first."""
    found = queries.exports_of(g.workspace.id)
    return page(found, Export, query_data, lambda rows: [_shown(row) for row in rows])


@bp.post("/exports", endpoint="create_export")
@idempotent
@bp.input(NewExport)
@bp.output(ExportShown, status_code=202)
def post_export(json_data: NewExport) -> ExportShown:
    """Have a file written, however large; reading the export tells how far it is."""
    export = begin.begin_export(
        g.workspace.id,
        json_data.kind,
        json_data.selection.selection(g.workspace.id),
        format=json_data.format,
        actor_id=g.api_key.created_by_id,
        now=utcnow(),
    )
    return _shown(export)


@bp.get("/exports/<export_id>")
@bp.output(ExportShown)
def show_export(export_id: str) -> ExportShown:
    """Read how far an export is."""
    return _shown(_export(export_id))


@bp.get("/exports/<export_id>/file", endpoint="download_export")
@bp.doc(responses=_PEOPLE_FILES)
def download(export_id: str) -> Response:
    """Fetch the file of a finished export; 409 while it is not finished, 404 once it is deleted."""
    export = _export(export_id)
    return stored_file_answer(begin.file_of(export), export.kind, export.format)


@bp.delete("/exports/<export_id>")
@bp.output({}, status_code=204)
def delete_export(export_id: str) -> str:
    """Delete an export with its file, or stop one that is being written."""
    begin.delete_export(_export(export_id))
    db.session.commit()
    return ""


@bp.get("/exports/subscribers")
@bp.input(PeopleQuery, location="query")
@bp.doc(responses=_PEOPLE_FILES)
def export_subscribers(query_data: PeopleQuery) -> Response:
    """Read people as a file, with all that is known of each; the import reads it back unchanged."""
    chosen = _chosen(query_data)
    lines = csv_of_people(chosen) if query_data.format == "csv" else json_of_people(chosen)
    return file_answer(lines, "subscribers", query_data.format)


@bp.get("/exports/suppressions")
@bp.doc(responses=_files("text/csv"))
def export_suppressions() -> Response:
    """Read the suppressed addresses as CSV."""
    return file_answer(csv_of_suppressions(g.workspace.id), "suppressions", "csv")


def _chosen(asked: PeopleQuery) -> Chosen:
    workspace_id = g.workspace.id
    tag = tag_called(workspace_id, asked.tag).public_id if asked.tag else ""
    selection = Selection(segment=asked.segment, list=asked.list, status=asked.status, tag=tag)
    return Chosen.of(workspace_id, selection, now=utcnow())


def _export(export_id: str) -> Export:
    return queries.export_by_id(g.workspace.id, export_id)


def _shown(export: Export) -> ExportShown:
    return ExportShown.of(export, total=export.total_count, done=export.done_count, bytes=export.byte_count)
