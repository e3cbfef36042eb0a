"""The list of what came back."""

from flask import g, render_template, request

from mailer.bounces import queries
from mailer.bounces.models import Return
from mailer.bounces.parsers.returned import Kind
from mailer.errors import Invalid
from mailer.lib.choices import choice_of
from mailer.lib.ids import parse_id
from mailer.lib.lines import clean_search
from mailer.web.guards import workspace_blueprint
from mailer.web.pages import page_of

bp = workspace_blueprint("returns", __name__)


@bp.get("/returns")
def index() -> str:
    """List bounces, complaints and answers, newest first."""
    kind = choice_of(Kind, request.args.get("kind", ""), label="The kind")
    search, campaign = clean_search(request.args.get("q", "")), request.args.get("campaign", "")
    campaign_id = parse_id("cmp", campaign)
    if campaign and campaign_id is None:
        raise Invalid("There is no such campaign.")
    query = queries.returns(g.workspace.id, kind=kind, search=search, campaign_id=campaign_id)
    return render_template(
        "bounces/index.html",
        page=page_of(query, Return),
        kind=kind or "",
        q=search,
        campaign=campaign,
        has_mailbox=queries.mailbox_of(g.workspace.id) is not None,
    )
