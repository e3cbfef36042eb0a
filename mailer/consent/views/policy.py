"""The settings of consent: what is kept of an address, and how often people are mailed."""

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from mailer.accounts.roles import Role
from mailer.consent.change_policy import change_policy
from mailer.consent.forms import PolicyForm
from mailer.consent.record import policy_of
from mailer.db import db
from mailer.web.answers import refusal_shown
from mailer.web.guards import requires, workspace_blueprint

bp = workspace_blueprint("policy", __name__)


@bp.get("/settings/consent")
def show() -> str:
    """Show what the workspace decided."""
    return _page(PolicyForm(formdata=None, obj=policy_of(g.workspace.id)))


@bp.post("/settings/consent")
@requires(Role.ADMIN)
def update() -> ResponseReturnValue:
    """Decide otherwise."""
    form = PolicyForm()
    if form.validate():
        with refusal_shown(form):
            change_policy(g.workspace.id, **form.values())
            db.session.commit()
            flash("Saved. It counts from now on.", "success")
            return redirect(url_for(".show"))
    return _page(form), 422


def _page(form: PolicyForm) -> str:
    return render_template("consent/policy.html", form=form)
