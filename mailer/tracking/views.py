"""What a workspace counts of what its readers do."""

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from mailer.accounts.roles import Role
from mailer.current import settings
from mailer.db import db
from mailer.delivery.models import TrackingMode
from mailer.tracking.forms import TrackingForm
from mailer.tracking.settings import Tracking, save_tracking, tracking_of
from mailer.web.guards import requires, workspace_blueprint

bp = workspace_blueprint("tracking", __name__)


@bp.get("/settings/tracking")
@requires(Role.ADMIN)
def show() -> ResponseReturnValue:
    """Show the settings."""
    return _page(TrackingForm(obj=tracking_of(g.workspace.id)))


@bp.post("/settings/tracking")
@requires(Role.ADMIN)
def update() -> ResponseReturnValue:
    """Change the settings."""
    form = TrackingForm()
    if not form.validate():
        return _page(form), 422
    chosen = {name: field.data for name, field in form._fields.items() if name != "csrf_token"}
    save_tracking(g.workspace.id, Tracking(**{**chosen, "mode": TrackingMode(chosen["mode"])}))
    db.session.commit()
    flash("It counts from the next campaign on.", "success")
    return redirect(url_for(".show"))


def _page(form: TrackingForm) -> str:
    script = f"{settings().base_url}{url_for('static', filename='shop.js')}"
    return render_template("tracking/settings.html", form=form, shop_script=script)
