"""By which server a workspace's mail leaves now: its own servers, or the installation's."""

import random
from collections.abc import Sequence
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

#: How many connections each worker opens to the installation's server.
CONNECTIONS: Final = 8
#: Somebody else may have begun to look a moment ago.
_SOONEST: Final = timedelta(seconds=2)

# Which of several servers takes a batch is no secret.
_random = random.Random()  # noqa: S311


@dataclass(frozen=True, slots=True)
class Choice:
    """The routes of a batch, or why there are none now.

    :param probing: keys of those that were in trouble; tell ``health`` whether they are well again
    :param again_at: when to look again; none when only an operator can help
    """

    routes: tuple[Route, ...]
    probing: frozenset[str] = frozenset()
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


def usable_routes(routes: Sequence[Route], from_domain: str, *, now: datetime) -> Choice:
    """Return which routes a batch may use now, around those in trouble.

    One whose rest is over is given to one batch alone, which finds out whether it is back.

    :param routes: of mail from the domain (:func:`routes_for`)
    """
    if not routes:
        return Choice((), reason=f"No server of this workspace takes mail from {from_domain}")
    usable, probing = [], set()
    for route in routes:
        state = state_of(route.trouble, now)
        if state is BreakerState.HALF_OPEN and health.begin_probe(route.key, now=now):
            probing.add(route.key)
            usable.append(route)
        elif state is BreakerState.CLOSED:
            usable.append(route)
    if usable:
        return Choice(tuple(usable), frozenset(probing))
    return _all_in_trouble(routes, now)


def resting(workspace_id: UUID, from_domain: str, *, now: datetime) -> Choice | None:
    """Say until when mail from a domain waits because all of its servers rest; none when one may be tried."""
    routes = routes_for(workspace_id, from_domain)
    if any(state_of(route.trouble, now) is not BreakerState.OPEN for route in routes):
        return None
    return _all_in_trouble(routes, now) if routes else None


def route_for_one(routes: Sequence[Route], *, now: datetime) -> Route | None:
    """Return the route of one message by itself, by weight; the least troubled when all of them rest.

    What somebody waits for is tried whatever is known: a reset mail that arrives late is
    of no use.
    """
    chosen = choose(routes, now=now, draw=_random.random())
    if chosen is None:
        chosen = min(
            routes, key=lambda route: route.trouble.rests_until if route.trouble else now, default=None
        )
    return chosen


def _all_in_trouble(routes: Sequence[Route], now: datetime) -> Choice:
    first = min(routes, key=lambda route: route.trouble.tried_again_at if route.trouble else now)
    server = f"{first.server.host}:{first.server.port}"
    words = first.trouble.reply if first.trouble else ""
    reason = f"The mail server {server} is in trouble: {words}"
    if len(routes) > 1:
        reason = f"All {len(routes)} mail servers are in trouble; {server} said: {words}"
    return Choice((), again_at=max(next_look(routes) or now, now + _SOONEST), reason=reason)


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
    return Route(DEFAULT, server, name=f"{server.host}:{server.port}", connections=CONNECTIONS)


def transports_of(workspace_id: UUID) -> list[Transport]:
    """Return a workspace's servers, the one that carries most first."""
    return list(
        db.session.scalars(
            select(Transport)
            .where(Transport.workspace_id == workspace_id)
            .order_by(Transport.is_enabled.desc(), Transport.weight.desc(), Transport.id)
        )
    )
