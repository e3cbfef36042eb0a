"""Named addresses that tests go to."""

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from mailer.accounts.roles import Role
from mailer.campaigns import test_groups as verbs
from mailer.campaigns.forms import TestGroupForm
from mailer.campaigns.models import TestGroup
from mailer.campaigns.views.frame import bp
from mailer.db import db
from mailer.web.answers import refusal_shown
from mailer.web.guards import requires


@bp.get("/test-addresses")
@requires(Role.EDITOR)
def test_addresses() -> ResponseReturnValue:
    """Show the groups, and a form for another."""
    return _page(TestGroupForm(formdata=None))


@bp.post("/test-addresses")
@requires(Role.EDITOR)
def create_test_group() -> ResponseReturnValue:
    """Make a group."""
    return _save(None)


@bp.get("/test-addresses/<group_id>")
@requires(Role.EDITOR)
def edit_test_group(group_id: str) -> ResponseReturnValue:
    """Show a group's addresses."""
    group = verbs.group_by_id(g.workspace.id, group_id)
    form = TestGroupForm(formdata=None, name=group.name, addresses="\n".join(group.addresses))
    return _page(form, group)


@bp.post("/test-addresses/<group_id>")
@requires(Role.EDITOR)
def update_test_group(group_id: str) -> ResponseReturnValue:
    """Change a group."""
    return _save(verbs.group_by_id(g.workspace.id, group_id))


@bp.post("/test-addresses/<group_id>/delete")
@requires(Role.EDITOR)
def delete_test_group(group_id: str) -> ResponseReturnValue:
    """Delete a group."""
    group = verbs.group_by_id(g.workspace.id, group_id)
    verbs.delete_group(group)
    db.session.commit()
    flash(f"“{group.name}” is deleted; nothing was sent to it.", "success")
    return redirect(url_for(".test_addresses"))


def _save(group: TestGroup | None) -> ResponseReturnValue:
    form = TestGroupForm()
    if form.validate():
        with refusal_shown(form):
            verbs.save_group(g.workspace.id, form.name.data or "", form.lines, group=group)
            db.session.commit()
            flash("Saved.", "success")
            return redirect(url_for(".test_addresses"))
    return _page(form, group), 422


def _page(form: TestGroupForm, group: TestGroup | None = None) -> str:
    return render_template(
        "campaigns/test_groups.html", form=form, group=group, groups=verbs.groups_of(g.workspace.id)
    )
