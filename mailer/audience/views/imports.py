"""Imports: a file is uploaded, its columns are named, its forecast is read, and then it is watched."""

import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from flask import Response, flash, g, redirect, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from mailer.accounts.roles import Role
from mailer.audience.forms import FIELD_TYPES, ImportForm, UploadForm
from mailer.audience.importing.begin import (
    DEPARTURES,
    MEANINGS,
    OTHERS,
    ImportChoices,
    begin_import,
    cancel_import,
    change_mind,
    pause_import,
    prepare_import,
)
from mailer.audience.importing.receive import NEW_FIELD, read_again, receive_upload, samples_of
from mailer.audience.importing.refusals import csv_of_refusals
from mailer.audience.importing.rows import KINDS
from mailer.audience.importing.undo import people_brought, undo_import
from mailer.audience.models import Existing, Import, ImportStatus, Subscriber
from mailer.audience.queries.fields_and_tags import fields_of
from mailer.audience.queries.imports import (
    import_by_id,
    imports_of,
    lists_named_in,
    refusals_by_kind,
    refusals_of,
)
from mailer.audience.queries.lists import current_lists
from mailer.db import db
from mailer.errors import MailerError
from mailer.lib.clock import utcnow
from mailer.web.answers import refusal_shown
from mailer.web.guards import requires, workspace_blueprint
from mailer.web.pages import page_of

bp = workspace_blueprint("imports", __name__)

_LARGEST_UPLOAD: Final = 512 * 1024 * 1024
_REFUSALS_SHOWN: Final = 20
_KEPT_SHOWN: Final = 50
_SAMPLES_SHOWN: Final = 3
#: Encodings that a file may have, when its letters look wrong.
_ENCODINGS: Final = {
    "utf-8": "Unicode (UTF-8)",
    "cp1252": "Western (Windows)",
    "iso8859-15": "Western (ISO)",
    "mac_roman": "Western (Mac)",
    "cp1250": "Central European (Windows)",
    "iso8859-2": "Central European (ISO)",
    "cp1251": "Cyrillic (Windows)",
    "koi8-r": "Cyrillic (KOI8-R)",
    "cp1253": "Greek (Windows)",
    "cp1254": "Turkish (Windows)",
    "cp1255": "Hebrew (Windows)",
    "cp1256": "Arabic (Windows)",
    "gb18030": "Chinese, simplified",
    "big5": "Chinese, traditional",
    "cp932": "Japanese (Shift JIS)",
    "cp949": "Korean",
    "utf-16": "Unicode (UTF-16)",
}


@bp.url_value_preprocessor
def _take_large_files(endpoint: str | None, values: dict[str, Any] | None) -> None:
    # Before anything reads the form, which the guard against forgery does first of all.
    is_upload = endpoint is not None and endpoint.endswith("imports.create") and request.method == "POST"
    if is_upload and current_user.is_authenticated:
        request.max_content_length = _LARGEST_UPLOAD
        request.max_form_memory_size = 8 * 1024 * 1024


@bp.get("/imports")
@requires(Role.EDITOR)
def index() -> str:
    """List what was imported."""
    return render_template("audience/imports/index.html", page=page_of(imports_of(g.workspace.id), Import))


@bp.get("/imports/new")
@requires(Role.EDITOR)
def new() -> str:
    """Ask for a file."""
    return render_template("audience/imports/new.html", form=UploadForm())


@bp.post("/imports")
@requires(Role.EDITOR)
def create() -> ResponseReturnValue:
    """Take in a file, or what was pasted."""
    form = UploadForm()
    if form.validate():
        file = form.file.data
        pasted = io.BytesIO((form.pasted.data or "").encode("utf-8", "replace"))
        try:
            source = receive_upload(
                g.workspace.id,
                file_name=(file.filename or "") if file else "Pasted",
                file=file.stream if file else pasted,
                actor_id=current_user.id,
            )
        except MailerError as error:
            db.session.rollback()
            (form.file if file else form.pasted).errors = [error.message]
        else:
            db.session.commit()
            offered = request.form.getlist("list")
            return redirect(url_for(".show", import_id=source.public_id, list=offered))
    return render_template("audience/imports/new.html", form=form), 422


@bp.get("/imports/<import_id>")
@requires(Role.EDITOR)
def show(import_id: str) -> str:
    """Ask what the columns are, or show what would happen, how far the import is, or what became of it."""
    source = _import(import_id)
    if source.status is ImportStatus.MAPPING:
        return _mapping_page(source, _form_of(source), source.mapping, source.list_ids or _offered_list())
    return render_template("audience/imports/show.html", **_progress(source))


@bp.get("/imports/<import_id>/progress")
@requires(Role.EDITOR)
def progress(import_id: str) -> str:
    """Answer the part of the page that fetches itself again."""
    return render_template("audience/imports/progress.html", **_progress(_import(import_id)))


@bp.post("/imports/<import_id>/read")
@requires(Role.EDITOR)
def read(import_id: str) -> ResponseReturnValue:
    """Read the file once more, in another encoding."""
    source, encoding = _import(import_id), request.form.get("encoding", "")
    if encoding in _ENCODINGS:
        read_again(source, encoding=encoding)
        db.session.commit()
    return redirect(url_for(".show", import_id=import_id))


@bp.post("/imports/<import_id>/check")
@requires(Role.EDITOR)
def check(import_id: str) -> ResponseReturnValue:
    """Forecast what would happen with what was chosen."""
    source, form = _import(import_id), ImportForm()
    mapping = {
        name.removeprefix("column-"): value
        for name, value in request.form.items()
        if name.startswith("column-")
    }
    list_ids = request.form.getlist("lists")
    if form.validate():
        with refusal_shown(form):
            chosen = ImportChoices(
                mapping=mapping,
                list_ids=list_ids,
                tag_names=(form.tags.data or "").split(","),
                existing=Existing(form.existing.data),
                consent_basis=form.consent_basis.data or "",
                is_suppression_list=form.purpose.data == "suppress",
            )
            prepare_import(source, chosen, now=utcnow())
            db.session.commit()
            return redirect(url_for(".show", import_id=import_id))
    return _mapping_page(_import(import_id), form, mapping, list_ids), 422


@bp.post("/imports/<import_id>/change")
@requires(Role.EDITOR)
def change(import_id: str) -> ResponseReturnValue:
    """Go back from the forecast to the columns."""
    change_mind(_import(import_id))
    db.session.commit()
    return redirect(url_for(".show", import_id=import_id))


@bp.post("/imports/<import_id>/begin")
@requires(Role.EDITOR)
def begin(import_id: str) -> ResponseReturnValue:
    """Begin to import what was forecast, or go on after a pause."""
    begin_import(_import(import_id), now=utcnow())
    db.session.commit()
    return redirect(url_for(".show", import_id=import_id))


@bp.post("/imports/<import_id>/pause")
@requires(Role.EDITOR)
def pause(import_id: str) -> ResponseReturnValue:
    """Stop for a while."""
    pause_import(_import(import_id))
    db.session.commit()
    return redirect(url_for(".show", import_id=import_id))


@bp.post("/imports/<import_id>/cancel")
@requires(Role.EDITOR)
def cancel(import_id: str) -> ResponseReturnValue:
    """Stop; what was imported stays."""
    source = _import(import_id)
    has_begun = source.status in {ImportStatus.RUNNING, ImportStatus.PAUSED}
    cancel_import(source, now=utcnow())
    db.session.commit()
    if has_begun:
        flash("The import is stopped; what it had imported stays until you undo it.", "success")
        return redirect(url_for(".show", import_id=import_id))
    flash("Nothing was imported, and the file is deleted.", "success")
    return redirect(url_for("audience.subscribers.index"))


@bp.post("/imports/<import_id>/undo")
@requires(Role.EDITOR)
def undo(import_id: str) -> ResponseReturnValue:
    """Take back what the import did."""
    undo_import(_import(import_id), now=utcnow())
    db.session.commit()
    return redirect(url_for(".show", import_id=import_id))


@bp.get("/imports/<import_id>/refused.csv")
@requires(Role.EDITOR)
def refused(import_id: str) -> ResponseReturnValue:
    """Hand out the refused rows with their reasons."""
    source = _import(import_id)
    return Response(
        stream_with_context(csv_of_refusals(source)),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="refused-{source.public_id}.csv"'},
    )


def _import(import_id: str) -> Import:
    return import_by_id(g.workspace.id, import_id)


def _offered_list() -> list[str]:
    """Return the list that the way here named, so that it is ticked."""
    return request.args.getlist("list")


def _form_of(source: Import) -> ImportForm:
    form: ImportForm = ImportForm(
        data={
            "tags": ", ".join(source.tag_names),
            "existing": source.existing.value,
            "consent_basis": source.consent_basis,
            "purpose": "suppress" if source.is_suppression_list else "subscribe",
        }
    )
    return form


def _mapping_page(source: Import, form: ImportForm, mapping: dict[str, str], list_ids: list[str]) -> str:
    samples = samples_of(source, _SAMPLES_SHOWN)
    fields = fields_of(g.workspace.id)
    new_fields = [
        (f"{NEW_FIELD}{kind.value}", f"New field: {words.lower()}")
        for kind, words in FIELD_TYPES.items()
        if not kind.has_choices
    ]
    return render_template(
        "audience/imports/mapping.html",
        source=source,
        form=form,
        mapping=mapping,
        columns=[
            (str(number), heading or f"Column {number + 1}", [row[number] for row in samples if row[number]])
            for number, heading in enumerate(source.headings)
        ],
        meanings=[
            ("Subscriber", list(MEANINGS.items())),
            ("Not to be mailed", list(DEPARTURES.items())),
            ("Your fields", [(f"field:{field.key}", field.label) for field in fields]),
            ("Make a field", new_fields),
            ("Several at once", list(OTHERS.items())),
        ],
        encodings=_ENCODINGS,
        lists=current_lists(g.workspace.id),
        list_ids=list_ids,
    )


def _progress(source: Import) -> dict[str, object]:
    now = utcnow()
    is_over = not source.status.is_at_work
    kept: Sequence[Subscriber] = []
    if source.status is ImportStatus.UNDONE:
        kept = db.session.scalars(people_brought(source).order_by(Subscriber.id).limit(_KEPT_SHOWN)).all()
    return {
        "source": source,
        "lists": lists_named_in(source),
        "note": _pace(source, now),
        "kinds": KINDS,
        "refused_by": refusals_by_kind(source) if is_over and source.refused_count else {},
        "refusals": refusals_of(source, limit=_REFUSALS_SHOWN),
        "can_be_undone": source.can_be_undone(now),
        "kept": kept,
    }


def _pace(source: Import, now: datetime) -> str:
    seconds = (now - source.resumed_at).total_seconds() if source.resumed_at else 0
    done = source.done_count - source.resumed_count
    if done <= 0 or seconds < 1:
        return "Starting…"
    rate = done / seconds
    left = (source.row_count - source.done_count) / rate
    words = "less than a minute" if left < 60 else f"about {left / 60:.0f} min"
    return f"{rate:,.0f} rows a second, {words} left"
