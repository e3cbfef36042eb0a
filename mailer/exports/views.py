"""Exports: streamed at once, or written by a worker, listed, fetched and deleted."""

import json
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from mailer.accounts.roles import Role
from mailer.audience.queries.lists import current_lists
from mailer.audience.queries.subscribers import subscriber_by_id
from mailer.db import db
from mailer.errors import NotFound
from mailer.exports.begin import begin_export, delete_export, file_of
from mailer.exports.forms import CONTENTS, NewExportForm
from mailer.exports.known import Chosen
from mailer.exports.models import Export, ExportKind
from mailer.exports.one_person import whole_person, zip_of_person
from mailer.exports.people import csv_of_people, json_of_people
from mailer.exports.queries import export_by_id, exports_of
from mailer.exports.suppressions import csv_of_suppressions
from mailer.lib.clock import utcnow
from mailer.lib.lines import clean_search
from mailer.segments.queries import segments_by_name
from mailer.segments.selection import Selection
from mailer.web.answers import file_answer, packed_answer, refusal_told, stored_file_answer
from mailer.web.guards import requires, workspace_blueprint
from mailer.web.pages import page_of

bp = workspace_blueprint("exports", __name__)


@bp.get("/exports")
@requires(Role.EDITOR)
def index() -> str:
    """List the files that a worker wrote or writes, the newest first."""
    return render_template("exports/index.html", **_listed())


@bp.get("/exports/progress")
@requires(Role.EDITOR)
def progress() -> str:
    """Answer the page that asks how far they are."""
    return render_template("exports/rows.html", **_listed())


@bp.get("/exports/new")
@requires(Role.EDITOR)
def new() -> str:
    """Ask what is to be written."""
    return render_template("exports/new.html", form=_form())


@bp.post("/exports")
@requires(Role.EDITOR)
def create() -> ResponseReturnValue:
    """Have a file written."""
    form = _form()
    if not form.validate():
        return render_template("exports/new.html", form=form), 422
    kind, format = CONTENTS[form.contents.data]
    chosen, _, public_id = (form.whom.data or "").partition(":")
    is_narrowed = kind is ExportKind.SUBSCRIBERS and bool(chosen)
    selection = Selection(**{chosen: public_id}) if is_narrowed else Selection()
    begin_export(g.workspace.id, kind, selection, format=format, actor_id=current_user.id, now=utcnow())
    db.session.commit()
    return redirect(url_for(".index"))


@bp.get("/exports/<export_id>/file")
@requires(Role.EDITOR)
def download(export_id: str) -> ResponseReturnValue:
    """Hand out the file of one that is finished."""
    export = export_by_id(g.workspace.id, export_id)
    with refusal_told():
        return stored_file_answer(file_of(export), export.kind, export.format)
    return redirect(url_for(".index"))


@bp.post("/exports/<export_id>/delete")
@requires(Role.EDITOR)
def delete(export_id: str) -> ResponseReturnValue:
    """Delete one with its file, or stop one that is being written."""
    delete_export(export_by_id(g.workspace.id, export_id))
    db.session.commit()
    flash("The export is deleted, and its file with it.", "success")
    return redirect(url_for(".index"))


@bp.get("/exports/subscribers.csv")
@requires(Role.EDITOR)
def people_csv() -> ResponseReturnValue:
    """Hand out the people that a list of subscribers is narrowed to."""
    return file_answer(csv_of_people(_chosen()), "subscribers", "csv")


@bp.get("/exports/subscribers.jsonl")
@requires(Role.EDITOR)
def people_json() -> ResponseReturnValue:
    """Hand them out with every consent record and event, one in each line."""
    return file_answer(json_of_people(_chosen()), "subscribers", "jsonl")


@bp.get("/exports/suppressions.csv")
@requires(Role.EDITOR)
def suppressions() -> ResponseReturnValue:
    """Hand out the suppressed addresses."""
    return file_answer(csv_of_suppressions(g.workspace.id), "suppressions", "csv")


@bp.get("/exports/subscribers/<subscriber_id>.json")
@requires(Role.EDITOR)
def one_person(subscriber_id: str) -> ResponseReturnValue:
    """Hand out everything that is known of one person (GDPR 15 and 20)."""
    known = whole_person(subscriber_by_id(g.workspace.id, subscriber_id))
    return file_answer(iter([json.dumps(known, ensure_ascii=False, indent=2) + "\n"]), subscriber_id, "json")


@bp.get("/exports/subscribers/<subscriber_id>.zip")
@requires(Role.EDITOR)
def one_person_packed(subscriber_id: str) -> ResponseReturnValue:
    """Hand it out as JSON and as tables together, to be sent to whoever asked."""
    packed = zip_of_person(subscriber_by_id(g.workspace.id, subscriber_id))
    return packed_answer(packed, subscriber_id)


def _chosen() -> Chosen:
    asked = {name: request.args.get(name, "") for name in ("segment", "list", "status", "tag")}
    search = clean_search(request.args.get("q", ""))
    selection = Selection(ids=request.args.getlist("ids"), q=search, **asked)
    return Chosen.of(g.workspace.id, selection, now=utcnow())


def _form() -> NewExportForm:
    form, workspace_id = NewExportForm(), g.workspace.id
    lists = [(f"list:{row.public_id}", row.name) for row in current_lists(workspace_id)]
    segments = [(f"segment:{row.public_id}", row.name) for row in segments_by_name(workspace_id)]
    groups = {"Lists": lists, "Segments": segments}
    form.whom.choices = {"All": [("", "Everybody")], **{name: rows for name, rows in groups.items() if rows}}
    return form


def _listed() -> dict[str, Any]:
    page = page_of(exports_of(g.workspace.id), Export)
    return {"page": page, "words": {export.id: _words(export) for export in page.rows}}


def _words(export: Export) -> str:
    """Say whom a file is about."""
    if export.kind is ExportKind.SUPPRESSIONS:
        return "All of them"
    try:
        whom = Selection.of(export.selection).words(export.workspace_id)
    except NotFound:
        return "Of what is gone by now"
    return whom[:1].upper() + whom[1:]
