"""The list of what came back."""

from flask import g, render_template, request

from mailer.bounces import queries
from mailer.bounces.models import Return
from mailer.bounces.parsers.returned import Kind
from mailer.lib.ids import parse_id
from mailer.web.guards import workspace_blueprint
from mailer.web.pages import page_of

bp = workspace_blueprint("returns", __name__)


@bp.get("/returns")
def index() -> str:
    """List bounces, complaints and answers, newest first."""
    kind, search = request.args.get("kind", ""), request.args.get("q", "").replace("\0", "").strip()[:320]
    campaign = request.args.get("campaign", "")
    query = queries.returns(
        g.workspace.id,
        kind=Kind(kind) if kind in list(Kind) else None,
        search=search,
        campaign_id=parse_id("cmp", campaign),
    )
    return render_template(
        "bounces/index.html",
        page=page_of(query, Return),
        kind=kind,
        q=search,
        campaign=campaign if parse_id("cmp", campaign) else "",
        has_mailbox=queries.mailbox_of(g.workspace.id) is not None,
    )
