"""How long a workspace keeps its log of transactional messages."""

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from mailer.accounts.roles import Role
from mailer.db import db
from mailer.transactional.forms import RetentionForm
from mailer.transactional.queries import retention_of
from mailer.transactional.redact import keep_for
from mailer.web.guards import requires, workspace_blueprint

bp = workspace_blueprint("retention", __name__)


@bp.get("/settings/transactional")
@requires(Role.ADMIN)
def show() -> ResponseReturnValue:
    """Show how long words and entries are kept."""
    return render_template(
        "transactional/retention.html", form=RetentionForm(obj=retention_of(g.workspace.id))
    )


@bp.post("/settings/transactional")
@requires(Role.ADMIN)
def update() -> ResponseReturnValue:
    """Change it; what is too old by then is forgotten within the hour."""
    form = RetentionForm()
    if not form.validate():
        return render_template("transactional/retention.html", form=form), 422
    keep_for(g.workspace.id, content_days=form.content_days.data or 0, entry_days=form.entry_days.data or 1)
    db.session.commit()
    flash("Saved. What is older is forgotten within the hour.", "success")
    return redirect(url_for(".show"))
