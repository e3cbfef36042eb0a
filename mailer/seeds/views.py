"""The buttons that plant the demo world and take it away."""

from flask import flash, g, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from mailer.accounts.roles import Role
from mailer.db import db
from mailer.lib.clock import utcnow
from mailer.seeds import demo
from mailer.web.guards import requires, signed_in_blueprint, workspace_blueprint

bp = signed_in_blueprint("demo", __name__)
inside = workspace_blueprint("inside", __name__)


@bp.post("/demo")
def plant() -> ResponseReturnValue:
    """Plant a demo world for the signed-in person and lead there."""
    planted = demo.plant(current_user._get_current_object(), now=utcnow())
    db.session.commit()
    return redirect(url_for("dashboard.show", workspace=planted.slug))


@inside.post("/demo/remove")
@requires(Role.OWNER)
def remove() -> ResponseReturnValue:
    """Remove the demo world and everything in it."""
    demo.remove(g.workspace)
    db.session.commit()
    flash("The demo world is gone, with everyone in it.", "success")
    return redirect(url_for("accounts_public.home"))


bp.register_blueprint(inside)
