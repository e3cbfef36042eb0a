"""Changing many subscribers: what can be done to them, how far it is, and the way back."""

from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from mailer.accounts.roles import Role
from mailer.audience.queries.fields_and_tags import fields_of, tags_of
from mailer.audience.queries.lists import current_lists
from mailer.bulk_changes.begin import begin_change, cancel_change, undo_change
from mailer.bulk_changes.kinds import KINDS
from mailer.bulk_changes.models import BulkChange, ChangeKind
from mailer.bulk_changes.queries import change_by_id, changes_of
from mailer.db import db
from mailer.errors import Invalid
from mailer.lib.clock import utcnow
from mailer.lib.lines import clean_search
from mailer.segments.selection import Selection
from mailer.web.guards import requires, workspace_blueprint
from mailer.web.pages import page_of

bp = workspace_blueprint("bulk_changes", __name__)

#: Kinds that must be meant: how many people it is about is to be typed first.
_GRAVE = frozenset({ChangeKind.UNSUBSCRIBE, ChangeKind.SUPPRESS, ChangeKind.ERASE})


@bp.get("/bulk-changes")
@requires(Role.EDITOR)
def index() -> str:
    """List the changes, the newest first."""
    return render_template(
        "bulk_changes/index.html", page=page_of(changes_of(g.workspace.id), BulkChange), words=_words
    )


@bp.get("/bulk-changes/new")
@requires(Role.EDITOR)
def new() -> str:
    """Ask what is to be done to the selected subscribers."""
    return _page(_selection(request.args))


@bp.post("/bulk-changes")
@requires(Role.EDITOR)
def create() -> ResponseReturnValue:
    """Begin a change."""
    selection = _selection(request.form, "chosen_")
    kind = request.form.get("kind", "")
    if kind not in list(ChangeKind):
        raise Invalid("Choose what is to be done.")
    try:
        if ChangeKind(kind) in _GRAVE:
            _check_typed(selection)
        change = begin_change(
            g.workspace.id,
            ChangeKind(kind),
            selection,
            options=request.form,
            actor_id=current_user.id,
            now=utcnow(),
        )
    except Invalid as error:
        db.session.rollback()
        return _page(selection, kind=kind, error=error.message), 422
    db.session.commit()
    return redirect(url_for(".show", change_id=change.public_id))


@bp.get("/bulk-changes/<change_id>")
@requires(Role.EDITOR)
def show(change_id: str) -> str:
    """Show a change and how far it is."""
    return render_template("bulk_changes/show.html", **_progress(change_id))


@bp.get("/bulk-changes/<change_id>/progress")
@requires(Role.EDITOR)
def progress(change_id: str) -> str:
    """Answer the page that asks how far it is."""
    return render_template("bulk_changes/progress.html", **_progress(change_id))


@bp.post("/bulk-changes/<change_id>/cancel")
@requires(Role.EDITOR)
def cancel(change_id: str) -> ResponseReturnValue:
    """Stop a change where it is."""
    cancel_change(change_by_id(g.workspace.id, change_id), now=utcnow())
    db.session.commit()
    return redirect(url_for(".show", change_id=change_id))


@bp.post("/bulk-changes/<change_id>/undo")
@requires(Role.EDITOR)
def undo(change_id: str) -> ResponseReturnValue:
    """Take a change back."""
    undo_change(change_by_id(g.workspace.id, change_id), now=utcnow())
    db.session.commit()
    flash("The change is being taken back.", "success")
    return redirect(url_for(".show", change_id=change_id))


def _selection(given: Any, prefix: str = "") -> Selection:
    """Read whom it is about; in a form, where a list and a tag are also chosen, behind a prefix."""
    chosen = {name: given.get(f"{prefix}{name}", "") for name in ("segment", "list", "status", "tag")}
    q = clean_search(given.get(f"{prefix}q", ""))
    return Selection(ids=given.getlist("ids"), q=q, **chosen)


def _check_typed(selection: Selection) -> None:
    count = selection.count(g.workspace.id, now=utcnow())
    typed = request.form.get("typed", "").replace(",", "").replace(" ", "")
    if typed != str(count):
        raise Invalid(f"Type {count:,} to say that you mean all of them.")


def _page(selection: Selection, *, kind: str = "", error: str = "") -> str:
    workspace_id = g.workspace.id
    total = selection.count(workspace_id, now=utcnow())
    return render_template(
        "bulk_changes/new.html",
        selection=selection.as_dict(),
        whom=selection.words(workspace_id),
        total=total,
        lists=current_lists(workspace_id),
        tags=tags_of(workspace_id),
        fields=fields_of(workspace_id),
        kind=kind,
        error=error,
    )


def _progress(change_id: str) -> dict[str, Any]:
    change = change_by_id(g.workspace.id, change_id)
    return {"change": change, "words": _words(change), "can_be_undone": change.can_be_undone(utcnow())}


def _words(change: BulkChange) -> str:
    return KINDS[change.kind].words(change.options)
