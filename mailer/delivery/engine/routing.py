"""By which server mail leaves: those that suit its From domain, by weight, the healthy ones first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from mailer.delivery.engine.breaker import BreakerState, Trouble, state_of
from mailer.delivery.engine.ports import Server

#: A server may be so many messages ahead of its share: connections take them one by one.
_AHEAD: Final = 16
#: One that takes nothing for so long holds back no other.
_STILL_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Route:
    """A server, how much of the mail it takes, and how it is.

    :param key: names it in what workers tell each other
    :param weight: its share beside the others'; with 0 it only steps in for them
    :param from_domains: the only ones whose mail leaves by it; empty for all that no other one names
    :param connections: open at a time, for each worker process
    :param per_second: the most messages in a second; unlimited when none
    :param trouble: none while it is well
    """

    key: str
    server: Server
    name: str = ""
    weight: int = 100
    from_domains: frozenset[str] = field(default_factory=frozenset)
    connections: int = 8
    messages_per_connection: int = 1_000
    per_second: float | None = None
    trouble: Trouble | None = None


def suitable(routes: Iterable[Route], from_domain: str) -> list[Route]:
    """Return the routes that mail from a domain may take.

    Those that name it, or a domain above it, keep it to themselves: its SPF record and
    its keys are likely to know no other server.
    """
    everything = list(routes)
    parts = from_domain.lower().split(".")
    for depth in range(len(parts)):
        domain = ".".join(parts[depth:])
        naming = [route for route in everything if domain in route.from_domains]
        if naming:
            return naming
    return [route for route in everything if not route.from_domains]


def choose(routes: Sequence[Route], *, now: datetime, draw: float) -> Route | None:
    """Choose the route of the next batch; None while all of them rest.

    The chosen one may be half-open: then only one batch may try it.

    :param draw: 0 or more, below 1; at random, so that weights share in the long run
    """
    ready = [route for route in routes if state_of(route.trouble, now) is not BreakerState.OPEN]
    weighted = [route for route in ready if route.weight > 0]
    if not weighted:
        return ready[0] if ready else None
    mark = draw * sum(route.weight for route in weighted)
    for route in weighted:
        mark -= route.weight
        if mark < 0:
            return route
    return weighted[-1]


def next_look(routes: Iterable[Route]) -> datetime | None:
    """Return when the first of the resting routes may be tried again; None when none rests."""
    return min((route.trouble.tried_again_at for route in routes if route.trouble), default=None)


class Split:
    """Shares one batch among routes by weight, and lets others step in for one in trouble.

    :param routes: all of them may be used now; those without weight only when no other can
    """

    def __init__(self, routes: Iterable[Route]) -> None:
        every = list(routes)
        self._spare = [route for route in every if not route.weight]
        self._active = {route.key: route for route in every if route.weight}
        self._taken = dict.fromkeys((route.key for route in every), 0)
        self._taken_at = float("-inf")
        self._call_spare()

    @property
    def routes(self) -> list[Route]:
        """The routes in use; none when all are in trouble."""
        return list(self._active.values())

    @property
    def has_others(self) -> bool:
        """Whether another route could take what the first one does not."""
        return len(self._active) + len(self._spare) > 1

    def may_take(self, route: Route, now: float) -> bool:
        """Tell whether a route in use may have the next message.

        :param now: seconds of any steady clock
        """
        if len(self._active) == 1 or now - self._taken_at > _STILL_SECONDS:
            return True
        least = min(self._taken[key] / (each.weight or 1) for key, each in self._active.items())
        return self._taken[route.key] <= least * (route.weight or 1) + _AHEAD

    def took(self, route: Route, now: float) -> None:
        """Count a message that a route has got."""
        self._taken[route.key] += 1
        self._taken_at = now

    def drop(self, route: Route) -> None:
        """Use a route no more in this batch."""
        self._active.pop(route.key, None)
        self._spare = [each for each in self._spare if each.key != route.key]
        self._call_spare()

    def _call_spare(self) -> None:
        if not self._active and self._spare:
            route = self._spare.pop(0)
            self._active[route.key] = route
