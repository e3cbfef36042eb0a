"""Imports: a file is uploaded, its columns are named, and then it is watched."""

from datetime import datetime

from flask import Response, flash, g, redirect, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from mailer.accounts.roles import Role
from mailer.audience import queries
from mailer.audience.begin_import import MEANINGS, NEW_FIELD, begin_import, cancel_import
from mailer.audience.export import csv_of_refusals
from mailer.audience.forms import FIELD_TYPES, ImportForm, UploadForm
from mailer.audience.models import Existing, FieldType, Import, ImportStatus
from mailer.audience.receive_upload import receive_upload, samples_of
from mailer.db import db
from mailer.errors import MailerError
from mailer.lib.clock import utcnow
from mailer.web.answers import show_on
from mailer.web.guards import requires, workspace_blueprint
from mailer.web.pages import page_of

bp = workspace_blueprint("imports", __name__)

_REFUSALS_SHOWN = 20


@bp.get("/imports")
@requires(Role.EDITOR)
def index() -> str:
    """List what was imported."""
    return render_template(
        "audience/imports/index.html", page=page_of(queries.imports_of(g.workspace.id), Import)
    )


@bp.get("/imports/new")
@requires(Role.EDITOR)
def new() -> str:
    """Ask for a file."""
    return render_template("audience/imports/new.html", form=UploadForm())


@bp.post("/imports")
@requires(Role.EDITOR)
def create() -> ResponseReturnValue:
    """Take a file in."""
    form = UploadForm()
    if form.validate():
        file = form.file.data
        try:
            source = receive_upload(
                g.workspace.id, file_name=file.filename or "", data=file.read(), actor_id=current_user.id
            )
        except MailerError as error:
            db.session.rollback()
            form.file.errors = [error.message]
        else:
            db.session.commit()
            offered = request.form.getlist("list")
            return redirect(url_for(".show", import_id=source.public_id, list=offered))
    return render_template("audience/imports/new.html", form=form), 422


@bp.get("/imports/<import_id>")
@requires(Role.EDITOR)
def show(import_id: str) -> str:
    """Ask what the columns are, or show how far the import is, or what became of it."""
    source = _import(import_id)
    if source.status is ImportStatus.MAPPING:
        return _mapping_page(source, ImportForm(), source.mapping, _offered_list())
    return render_template("audience/imports/show.html", **_progress(source))


@bp.get("/imports/<import_id>/progress")
@requires(Role.EDITOR)
def progress(import_id: str) -> str:
    """Answer the part of the page that fetches itself again."""
    return render_template("audience/imports/progress.html", **_progress(_import(import_id)))


@bp.post("/imports/<import_id>/begin")
@requires(Role.EDITOR)
def begin(import_id: str) -> ResponseReturnValue:
    """Start with what was chosen."""
    source, form = _import(import_id), ImportForm()
    mapping = {
        name.removeprefix("column-"): value
        for name, value in request.form.items()
        if name.startswith("column-")
    }
    list_ids = request.form.getlist("lists")
    if form.validate():
        try:
            begin_import(
                source,
                mapping=mapping,
                list_ids=list_ids,
                tag_names=(form.tags.data or "").split(","),
                existing=Existing(form.existing.data),
                consent_basis=form.consent_basis.data or "",
                now=utcnow(),
            )
        except MailerError as error:
            db.session.rollback()
            show_on(form, error)
        else:
            db.session.commit()
            return redirect(url_for(".show", import_id=import_id))
    return _mapping_page(_import(import_id), form, mapping, list_ids), 422


@bp.post("/imports/<import_id>/cancel")
@requires(Role.EDITOR)
def cancel(import_id: str) -> ResponseReturnValue:
    """Stop; what was imported stays."""
    source = _import(import_id)
    was_running = source.status is ImportStatus.RUNNING
    cancel_import(source, now=utcnow())
    db.session.commit()
    if was_running:
        flash("The import is stopped; what it had imported stays.", "success")
        return redirect(url_for(".show", import_id=import_id))
    flash("Nothing was imported, and the file is deleted.", "success")
    return redirect(url_for("audience.subscribers.index"))


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
    return queries.import_by_id(g.workspace.id, import_id)


def _offered_list() -> list[str]:
    """Return the list that the way here named, so that it is ticked."""
    return request.args.getlist("list")


def _mapping_page(source: Import, form: ImportForm, mapping: dict[str, str], list_ids: list[str]) -> str:
    samples = samples_of(source)
    fields = queries.fields_of(g.workspace.id)
    new_fields = [
        (f"{NEW_FIELD}{kind.value}", f"New field: {words.lower()}")
        for kind, words in FIELD_TYPES.items()
        if kind is not FieldType.CHOICE
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
            ("Your fields", [(f"field:{field.key}", field.label) for field in fields]),
            ("Make a field", new_fields),
        ],
        lists=queries.current_lists(g.workspace.id),
        list_ids=list_ids,
    )


def _progress(source: Import) -> dict[str, object]:
    return {
        "source": source,
        "lists": queries.lists_named_in(source),
        "note": _pace(source, utcnow()),
        "refusals": queries.refusals_of(source, limit=_REFUSALS_SHOWN),
    }


def _pace(source: Import, now: datetime) -> str:
    seconds = (now - source.started_at).total_seconds() if source.started_at else 0
    if not source.done_count or seconds < 1:
        return "Starting…"
    rate = source.done_count / seconds
    left = (source.row_count - source.done_count) / rate
    words = "less than a minute" if left < 60 else f"about {left / 60:.0f} min"
    return f"{rate:,.0f} rows a second, {words} left"
