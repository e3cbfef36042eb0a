"""Tags: renamed, joined, deleted; they are made where subscribers are tagged."""

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from mailer.accounts.roles import Role
from mailer.audience.forms import TagForm
from mailer.audience.queries.fields_and_tags import tags_of
from mailer.audience.tags import delete_tag, rename_tag, tag_by_id, tags_named, uses_of
from mailer.db import db
from mailer.web.answers import refusal_shown
from mailer.web.guards import requires, workspace_blueprint

bp = workspace_blueprint("tags", __name__)


@bp.get("/tags")
def index() -> str:
    """List the tags."""
    return _page(TagForm())


@bp.post("/tags")
@requires(Role.EDITOR)
def create() -> ResponseReturnValue:
    """Make a tag before anyone has it."""
    form = TagForm()
    if form.validate():
        with refusal_shown(form):
            tags_named(g.workspace.id, [form.name.data or ""])
            db.session.commit()
            return redirect(url_for(".index"))
    return _page(form), 422


@bp.post("/tags/<tag_id>")
@requires(Role.EDITOR)
def update(tag_id: str) -> ResponseReturnValue:
    """Give a tag another name."""
    tag, form = tag_by_id(g.workspace.id, tag_id), TagForm()
    rename_tag(tag, form.name.data or "")
    db.session.commit()
    flash("Saved.", "success")
    return redirect(url_for(".index"))


@bp.post("/tags/<tag_id>/delete")
@requires(Role.EDITOR)
def delete(tag_id: str) -> ResponseReturnValue:
    """Delete a tag."""
    tag = tag_by_id(g.workspace.id, tag_id)
    delete_tag(tag)
    db.session.commit()
    flash(f"“{tag.name}” is deleted.", "success")
    return redirect(url_for(".index"))


def _page(form: TagForm) -> str:
    tags = tags_of(g.workspace.id)
    return render_template("audience/tags/index.html", tags=tags, uses=uses_of(tags), form=form)
