"""The page about a whole workspace, and who gets the digest."""

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from mailer.accounts.roles import Role
from mailer.campaigns.compare import FIGURES, medians
from mailer.campaigns.hours import HEAT_DAYS, heat_map_of
from mailer.db import db
from mailer.lib.clock import utcnow
from mailer.reports import queries
from mailer.reports.digest import switch_digest
from mailer.reports.snapshot import audience_figures
from mailer.reports.sunset import segment_of_silent
from mailer.web.guards import requires, workspace_blueprint

bp = workspace_blueprint("reports", __name__)


@bp.get("/reports")
def show() -> ResponseReturnValue:
    """Show how the audience grows and reads, and the campaigns beside each other."""
    now = utcnow()
    figures, taken_at = audience_figures(g.workspace.id, now=now)
    campaigns = queries.compared_of(g.workspace.id)
    return render_template(
        "reports/show.html",
        weeks=queries.weeks_of(g.workspace.id, until=now.date()),
        heat=heat_map_of(g.workspace, now=now),
        heat_days=HEAT_DAYS,
        campaigns=campaigns,
        usual=medians([each.rates for each in campaigns]),
        rate_names=FIGURES,
        figures=figures,
        taken_at=taken_at,
        wants_digest=queries.wants_digest(g.membership),
    )


@bp.post("/reports/silent")
@requires(Role.EDITOR)
def silent() -> ResponseReturnValue:
    """Make a segment of those who get mails and read none, and show it."""
    segment = segment_of_silent(g.workspace.id, now=utcnow(), actor_id=g.membership.user_id)
    db.session.commit()
    return redirect(url_for("segments.show", segment_id=segment.public_id))


@bp.post("/reports/digest")
def digest() -> ResponseReturnValue:
    """Begin or cease to mail oneself the digest."""
    is_on = request.form.get("on") == "1"
    switch_digest(g.membership, is_on=is_on, now=utcnow())
    db.session.commit()
    flash(
        "The digest comes on Monday mornings." if is_on else "The digest does not come any more.", "success"
    )
    return redirect(url_for(".show"))
