"""How a workspace's mail leaves: its servers, and its senders."""

from flask import g, render_template
from flask.typing import ResponseReturnValue

from mailer.accounts.roles import Role
from mailer.current import settings
from mailer.delivery import health, queries
from mailer.delivery.engine.breaker import state_of
from mailer.delivery.routes import DEFAULT, transports_of
from mailer.delivery.transports import default_server
from mailer.lib.clock import utcnow
from mailer.web.guards import requires, workspace_blueprint

bp = workspace_blueprint("settings", __name__)


@bp.get("/settings/sending")
@requires(Role.ADMIN)
def show() -> ResponseReturnValue:
    """Show the servers in use, how they are, and the senders."""
    transports = transports_of(g.workspace.id)
    troubles = health.troubles([DEFAULT, *(each.public_id for each in transports)])
    now = utcnow()
    return render_template(
        "delivery/settings.html",
        transports=transports,
        troubles=troubles,
        states={key: state_of(trouble, now).value for key, trouble in troubles.items()},
        total_weight=sum(each.weight for each in transports if each.is_enabled),
        default=default_server(settings()),
        default_trouble=troubles.get(DEFAULT),
        is_catching=settings().is_catching,
        senders=queries.senders_of(g.workspace),
    )
