"""By which server a workspace's mail leaves now: its own servers, or the installation's."""

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select

from mailer.current import settings
from mailer.db import db
from mailer.delivery import health
from mailer.delivery.engine.breaker import BreakerState, state_of
from mailer.delivery.engine.routing import Route, choose, next_look, suitable
from mailer.delivery.models import Transport
from mailer.delivery.transports import default_server, server_of

#: The key of the installation's own server, whose health all workspaces share.
DEFAULT: Final = "installation"

#: Somebody else may have begun to look a moment ago.
_SOONEST: Final = timedelta(seconds=2)

# Which of several servers takes a batch is no secret.
_random = random.Random()  # noqa: S311


@dataclass(frozen=True, slots=True)
class Choice:
    """The route of a batch, or why there is none now.

    :param is_probe: the server was in trouble; tell ``health`` whether it is well again
    :param again_at: when to look again; none when only an operator can help
    """

    route: Route | None
    is_probe: bool = False
    again_at: datetime | None = None
    reason: str = ""


def routes_for(workspace_id: UUID, from_domain: str) -> list[Route]:
    """Return the servers that mail from a domain may leave by, with what is known of their health.

    A workspace with servers of its own never falls back to the installation's: its mail
    would leave from where its domain's records do not expect it.
    """
    transports = transports_of(workspace_id)
    routes = [route_of(each) for each in transports if each.is_enabled]
    if not transports:
        routes = [default_route()]
    routes = suitable(routes, from_domain)
    troubles = health.troubles(route.key for route in routes)
    return [
        replace(route, trouble=troubles[route.key]) if route.key in troubles else route for route in routes
    ]


def choose_route(workspace_id: UUID, from_domain: str, *, now: datetime) -> Choice:
    """Choose the server of the next batch, around those in trouble."""
    routes = routes_for(workspace_id, from_domain)
    if not routes:
        return Choice(None, reason=f"No server of this workspace takes mail from {from_domain}")
    left = routes
    while route := choose(left, now=now, draw=_random.random()):
        if state_of(route.trouble, now) is BreakerState.CLOSED:
            return Choice(route)
        if health.begin_probe(route.key, now=now):
            return Choice(route, is_probe=True)
        # Somebody else looks whether it is back.
        left = [each for each in left if each is not route]
    worst = next(route for route in routes if route.trouble is not None)
    assert worst.trouble is not None
    server = f"{worst.server.host}:{worst.server.port}"
    reason = f"The mail server {server} is in trouble: {worst.trouble.reply}"
    if len(routes) > 1:
        reason = f"All {len(routes)} mail servers are in trouble. {server} said: {worst.trouble.reply}"
    again_at = max(next_look(routes) or now, now + _SOONEST)
    return Choice(None, again_at=again_at, reason=reason)


def route_of(transport: Transport) -> Route:
    """Return the route that a transport describes, whatever its health."""
    return Route(
        transport.public_id,
        server_of(transport),
        name=transport.name or transport.host,
        weight=transport.weight,
        from_domains=frozenset(transport.from_domains),
        connections=transport.connections,
        messages_per_connection=transport.messages_per_connection,
        per_second=transport.per_second,
    )


def default_route() -> Route:
    """Return the route over the installation's server."""
    server = default_server(settings())
    return Route(DEFAULT, server, name=f"{server.host}:{server.port}")


def transports_of(workspace_id: UUID) -> list[Transport]:
    """Return a workspace's servers, the one that carries most first."""
    return list(
        db.session.scalars(
            select(Transport)
            .where(Transport.workspace_id == workspace_id)
            .order_by(Transport.is_enabled.desc(), Transport.weight.desc(), Transport.id)
        )
    )
