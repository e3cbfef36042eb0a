"""Beginning another workspace."""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from mailer.accounts.forms import WorkspaceForm
from mailer.accounts.found import found_workspace
from mailer.db import db

bp = Blueprint("workspaces", __name__)


@bp.route("/workspaces/new", methods=["GET", "POST"])
def new() -> ResponseReturnValue:
    """Make a workspace that the signed-in person owns."""
    form = WorkspaceForm()
    if form.validate_on_submit():
        workspace = found_workspace(
            str(form.workspace.data), current_user._get_current_object(), time_zone=form.time_zone.data
        )
        db.session.commit()
        return redirect(url_for("accounts.settings.show", workspace=workspace.slug))
    return render_template("accounts/new_workspace.html", form=form)
