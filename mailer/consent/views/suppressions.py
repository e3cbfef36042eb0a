"""Suppressions: addresses that must not be mailed, and why."""

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from mailer.accounts.roles import Role
from mailer.consent import queries
from mailer.consent.forms import SuppressForm
from mailer.consent.models import Suppression, SuppressionReason
from mailer.consent.suppress import lift_suppression, suppress, suppression_by_id
from mailer.db import db
from mailer.errors import MailerError
from mailer.web.answers import show_on
from mailer.web.guards import requires, workspace_blueprint
from mailer.web.pages import page_of

bp = workspace_blueprint("suppressions", __name__)


@bp.get("/suppressions")
def index() -> str:
    """List the suppressions."""
    return _page(SuppressForm())


@bp.post("/suppressions")
@requires(Role.EDITOR)
def create() -> ResponseReturnValue:
    """Suppress an address."""
    form = SuppressForm()
    if form.validate():
        try:
            suppress(
                g.workspace.id,
                form.email.data or "",
                SuppressionReason.MANUAL,
                detail=form.detail.data or "",
                actor_id=current_user.id,
            )
        except MailerError as error:
            db.session.rollback()
            show_on(form, error)
        else:
            db.session.commit()
            flash("No campaign goes to this address any more.", "success")
            return redirect(url_for(".index"))
    return _page(form), 422


@bp.post("/suppressions/<suppression_id>/lift")
@requires(Role.ADMIN)
def lift(suppression_id: str) -> ResponseReturnValue:
    """Let an address be mailed again."""
    suppression = suppression_by_id(g.workspace.id, suppression_id)
    lift_suppression(suppression, words=request.form.get("words", ""), actor_id=current_user.id)
    db.session.commit()
    flash(f"{suppression.email_key} may be mailed again.", "success")
    return redirect(url_for(".index"))


def _page(form: SuppressForm) -> str:
    reason, search = request.args.get("reason", ""), request.args.get("q", "").replace("\0", "").strip()[:320]
    query = queries.suppressions(
        g.workspace.id,
        search=search,
        reason=SuppressionReason(reason) if reason in list(SuppressionReason) else None,
    )
    return render_template(
        "consent/suppressions.html",
        page=page_of(query, Suppression),
        form=form,
        q=search,
        reason=reason,
        reasons=list(SuppressionReason),
    )
