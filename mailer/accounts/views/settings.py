"""A workspace's name, zone, address and look."""

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from mailer.accounts.forms import SettingsForm
from mailer.accounts.roles import Role
from mailer.db import db
from mailer.web.guards import requires, workspace_blueprint

bp = workspace_blueprint("settings", __name__)


@bp.get("/settings")
def show() -> ResponseReturnValue:
    """Show the settings."""
    return render_template("accounts/settings.html", form=SettingsForm(obj=g.workspace))


@bp.post("/settings")
@requires(Role.ADMIN)
def update() -> ResponseReturnValue:
    """Change the settings."""
    form = SettingsForm(obj=g.workspace)
    if not form.validate():
        return render_template("accounts/settings.html", form=form), 422
    form.populate_obj(g.workspace)
    db.session.commit()
    flash("Settings saved.", "success")
    return redirect(url_for(".show"))
