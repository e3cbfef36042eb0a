"""Custom fields: what a workspace wants to know of its subscribers."""

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from mailer.accounts.roles import Role
from mailer.audience.fields import create_field, delete_field, field_by_id, update_field
from mailer.audience.forms import EDITORS, FIELD_TYPES, FieldForm
from mailer.audience.models import FieldType
from mailer.audience.queries.fields_and_tags import fields_of
from mailer.db import db
from mailer.web.answers import refusal_shown
from mailer.web.guards import requires, workspace_blueprint

bp = workspace_blueprint("fields", __name__)


@bp.get("/fields")
def index() -> str:
    """List the fields."""
    return _page(FieldForm())


@bp.post("/fields")
@requires(Role.EDITOR)
def create() -> ResponseReturnValue:
    """Make a field."""
    form = FieldForm()
    if form.validate():
        with refusal_shown(form):
            field = create_field(
                g.workspace.id,
                key=form.key.data or "",
                type=FieldType(form.type.data),
                **form.values(),
            )
            db.session.commit()
            flash(
                f"“{field.label}” is ready; in a mail it is {{{{ subscriber.fields.{field.key} }}}}.",
                "success",
            )
            return redirect(url_for(".index"))
    return _page(form), 422


@bp.get("/fields/<field_id>/edit")
@requires(Role.EDITOR)
def edit(field_id: str) -> str:
    """Ask what should change."""
    field = field_by_id(g.workspace.id, field_id)
    form = FieldForm(obj=field)
    form.choices.data = "\n".join(field.choices)
    return render_template("audience/fields/edit.html", form=form, field=field)


@bp.post("/fields/<field_id>")
@requires(Role.EDITOR)
def update(field_id: str) -> ResponseReturnValue:
    """Change a field's label, choices and options."""
    field, form = field_by_id(g.workspace.id, field_id), FieldForm()
    form.type.data = field.type.value
    if form.validate():
        with refusal_shown(form):
            update_field(field, **form.values())
            db.session.commit()
            flash("Saved.", "success")
            return redirect(url_for(".index"))
    return render_template("audience/fields/edit.html", form=form, field=field), 422


@bp.post("/fields/<field_id>/delete")
@requires(Role.ADMIN)
def delete(field_id: str) -> ResponseReturnValue:
    """Delete a field and all its values."""
    field = field_by_id(g.workspace.id, field_id)
    delete_field(field)
    db.session.commit()
    flash(f"“{field.label}” is deleted, with everyone’s value.", "success")
    return redirect(url_for(".index"))


def _page(form: FieldForm) -> str:
    return render_template(
        "audience/fields/index.html",
        fields=fields_of(g.workspace.id),
        form=form,
        types=FIELD_TYPES,
        editors=EDITORS,
    )
