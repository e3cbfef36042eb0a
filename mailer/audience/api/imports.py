"""Imports for programs: a file is sent, forecast, begun, watched, taken back."""

import io
from typing import Annotated, Any, Literal

from flask import g
from pydantic import AwareDatetime, Base64Bytes, Field

from mailer.api.idempotency import idempotent
from mailer.api.pages import PageQuery, page
from mailer.api.schemas import Given, Line, ListId, Shown, list_of
from mailer.audience.api.frame import bp
from mailer.audience.importing import begin
from mailer.audience.importing.receive import receive_upload
from mailer.audience.importing.undo import undo_import
from mailer.audience.models import Existing, Import, ImportStatus
from mailer.audience.queries.imports import import_by_id, imports_of, refusals_of
from mailer.lib.clock import utcnow

_REFUSALS_SHOWN = 100


class NewImport(Given):
    """A file of people to be imported."""

    file_name: Line = Field("people.csv", max_length=200)
    content: Base64Bytes = Field(
        description="CSV, TSV, XLSX or a zip of them, in base64, up to 8 MB together; "
        "cut larger files, or upload them on the page.",
        examples=["ZW1haWwsbmFtZQphbmFAZXhhbXBsZS5jb20sQW5hCg=="],
    )
    columns: dict[str, Line] = Field(
        {},
        description="What a column is, by its heading, where the guess would be wrong: “email”, “name”, "
        "“external_id”, “tags”, “field:city”, …; an empty text leaves it out.",
        examples=[{"E-mail": "email"}],
    )
    lists: list[ListId] = Field([], max_length=50, description="Lists that everyone in the file joins.")
    tags: list[Annotated[Line, Field(max_length=60)]] = Field([], max_length=50)
    existing: Existing = Field(Existing.FILL, description="What becomes of what is known already.")
    consent_basis: Line = Field(
        "",
        max_length=500,
        description="When and how these people agreed; needed with lists, and kept as the proof.",
    )
    suppress: bool = Field(False, description="Suppress everyone in the file, rather than subscribe them.")
    dry_run: bool = Field(False, description="Only forecast; begin it with /begin.")


class RefusalShown(Shown):
    """A row that was not taken."""

    row: int = Field(description="Its number in the file; the headings are row 1.")
    kind: str
    reason: str


class ImportCounts(Shown):
    """What became of the rows so far."""

    rows: int
    done: int
    added: int
    updated: int
    unchanged: int
    refused: int
    departed: int = Field(description="People whom the file says not to mail; they are suppressed.")
    subscribed: int = Field(description="New places on lists.")
    left_before: int = Field(description="Left one of the lists before, and stay off it.")
    undone: int


class ImportShown(Shown):
    """An import, and how far it is."""

    object: Literal["import"] = "import"
    id: str
    file_name: str
    status: ImportStatus
    lists: list[str]
    tags: list[str]
    counts: ImportCounts
    forecast: dict[str, Any]
    error: str
    created_at: AwareDatetime
    started_at: AwareDatetime | None
    finished_at: AwareDatetime | None


class ImportDetail(ImportShown):
    """An import with its first refused rows."""

    refusals: list[RefusalShown] = Field(description="The first 100.")


ImportPage = list_of(ImportShown, "ImportPage")


@bp.get("/imports")
@bp.input(PageQuery, location="query")
@bp.output(ImportPage)
def index_imports(query_data: PageQuery) -> dict[str, Any]:
    """Read the imports, newest first."""
    found = imports_of(g.workspace.id)
    return page(found, Import, query_data, lambda rows: [_shown(row) for row in rows])


@bp.post("/imports", endpoint="create_import")
@idempotent
@bp.input(NewImport)
@bp.output(ImportShown, status_code=202)
def post_import(json_data: NewImport) -> ImportShown:
    """Import a file; a worker does it, and reading the import tells how far it is."""
    source = receive_upload(
        g.workspace.id,
        file_name=json_data.file_name,
        file=io.BytesIO(json_data.content),
        actor_id=g.api_key.created_by_id,
    )
    chosen = begin.ImportChoices(
        mapping=begin.mapping_by_heading(source, json_data.columns),
        list_ids=json_data.lists,
        tag_names=json_data.tags,
        existing=json_data.existing,
        consent_basis=json_data.consent_basis,
        is_suppression_list=json_data.suppress,
    )
    begin.prepare_import(source, chosen, is_forecast=json_data.dry_run, now=utcnow())
    if not json_data.dry_run:
        begin.begin_import(source, now=utcnow())
    return _shown(source)


@bp.get("/imports/<import_id>")
@bp.output(ImportDetail)
def show_import(import_id: str) -> ImportDetail:
    """Read how far an import is, or what became of it."""
    source = _import(import_id)
    refusals = [
        RefusalShown(row=row.row_number, kind=row.kind, reason=row.reason)
        for row in refusals_of(source, limit=_REFUSALS_SHOWN)
    ]
    return ImportDetail(**_shown(source).model_dump(), refusals=refusals)


@bp.post("/imports/<import_id>/begin", endpoint="begin_import")
@idempotent
@bp.output(ImportShown)
def begin_one(import_id: str) -> ImportShown:
    """Begin what was forecast, or go on after a pause."""
    source = _import(import_id)
    begin.begin_import(source, now=utcnow())
    return _shown(source)


@bp.post("/imports/<import_id>/pause", endpoint="pause_import")
@idempotent
@bp.output(ImportShown)
def pause(import_id: str) -> ImportShown:
    """Stop an import after the rows that it is at, to go on later."""
    source = _import(import_id)
    begin.pause_import(source)
    return _shown(source)


@bp.post("/imports/<import_id>/cancel", endpoint="cancel_import")
@idempotent
@bp.output(ImportShown)
def cancel(import_id: str) -> ImportShown:
    """End an import; what was imported stays until it is undone."""
    source = _import(import_id)
    begin.cancel_import(source, now=utcnow())
    return _shown(source)


@bp.post("/imports/<import_id>/undo", endpoint="undo_import")
@idempotent
@bp.output(ImportShown)
def undo(import_id: str) -> ImportShown:
    """Take back what an import did, but for people who did something themselves since."""
    source = _import(import_id)
    undo_import(source, now=utcnow())
    return _shown(source)


def _import(import_id: str) -> Import:
    return import_by_id(g.workspace.id, import_id)


def _shown(source: Import) -> ImportShown:
    names = (name for name in ImportCounts.model_fields if name != "rows")
    counts = {name: getattr(source, f"{name}_count") for name in names}
    return ImportShown.of(
        source,
        lists=source.list_ids,
        tags=source.tag_names,
        counts=ImportCounts(rows=source.row_count, **counts),
    )
