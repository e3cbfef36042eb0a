"""The dashboard of a workspace."""

from datetime import timedelta
from typing import Final

from flask import g, render_template

from mailer import current
from mailer.audience.queries.growth import growth_of_audience
from mailer.dashboard import queries
from mailer.lib.clock import utcnow
from mailer.web.guards import workspace_blueprint

bp = workspace_blueprint("dashboard", __name__)

_SHOWN: Final = timedelta(days=90)


@bp.get("/")
def show() -> str:
    """Show how the workspace grows, what was sent last and what needs attention."""
    today = utcnow().date()
    return render_template(
        "dashboard/show.html",
        growth=growth_of_audience(g.workspace.id, since=today - _SHOWN, until=today),
        sent=queries.last_sent(g.workspace),
        drafts=queries.drafts(g.workspace),
        attention=queries.attention(g.workspace),
        steps=queries.first_steps(g.workspace),
        is_catching=current.settings().is_catching and not queries.has_transport(g.workspace),
    )
