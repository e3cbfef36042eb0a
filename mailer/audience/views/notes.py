"""Notes on a subscriber's page."""

from flask import flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from mailer.accounts.roles import Role
from mailer.audience.notes import add_note, delete_note
from mailer.audience.queries.subscribers import subscriber_by_id
from mailer.db import db
from mailer.web.guards import requires, workspace_blueprint

bp = workspace_blueprint("notes", __name__)


@bp.post("/subscribers/<subscriber_id>/notes")
@requires(Role.EDITOR)
def create(subscriber_id: str) -> ResponseReturnValue:
    """Write a note."""
    subscriber = subscriber_by_id(g.workspace.id, subscriber_id)
    add_note(subscriber, request.form.get("text", ""), author_id=current_user.id)
    db.session.commit()
    return _back(subscriber_id)


@bp.post("/subscribers/<subscriber_id>/notes/<note_id>/delete")
@requires(Role.EDITOR)
def delete(subscriber_id: str, note_id: str) -> ResponseReturnValue:
    """Delete a note."""
    delete_note(subscriber_by_id(g.workspace.id, subscriber_id), note_id)
    db.session.commit()
    flash("The note is deleted.", "success")
    return _back(subscriber_id)


def _back(subscriber_id: str) -> ResponseReturnValue:
    return redirect(url_for("audience.subscribers.show", subscriber_id=subscriber_id) + "#notes")
