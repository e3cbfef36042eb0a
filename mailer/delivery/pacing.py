"""A process's throttles, and what processes tell each other about the pace that domains bear."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from math import inf
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from mailer.current import settings
from mailer.db import db
from mailer.delivery.engine.routing import Route
from mailer.delivery.engine.throttle import FREE_PER_SECOND, Learned, Limit, Throttle
from mailer.delivery.limits import limits_for_throttle
from mailer.delivery.models import LearnedPace

#: How often limits and what others learned are read.
_LOOK_SECONDS: Final = 5.0
#: What somebody learned longer ago says nothing about now.
_STALE: Final = timedelta(hours=1)


class _Key(NamedTuple):
    """What makes a throttle another one: a server's settings may change while it is in use."""

    route: str
    workspace_id: UUID
    connections: int
    per_second: float | None


class Pacing:
    """The throttles of one process; used by one thread."""

    def __init__(self) -> None:
        self._throttles: dict[_Key, Throttle] = {}
        self._looked_at = -inf
        #: When this process wrote a row, and when the newest row that it has read was written.
        self._written: dict[tuple[str, str], datetime] = {}
        self._read_up_to: datetime | None = None

    def throttle(self, route: Route, workspace_id: UUID) -> Throttle:
        """Return the throttle of a workspace's mail over a route."""
        key = _Key(route.key, workspace_id, route.connections, route.per_second)
        throttle = self._throttles.get(key)
        if throttle is None:
            workers = settings().campaign_workers
            throttle = self._throttles[key] = Throttle(
                connections=route.connections,
                per_second=route.per_second / workers if route.per_second else None,
                limits=_for_one_of(workers, limits_for_throttle(workspace_id)),
            )
            # What others know about the route is read with the next exchange.
            self._looked_at, self._read_up_to = -inf, None
        return throttle

    def exchange(self, now: float, *, at: datetime) -> None:
        """Tell others what was learned here, and, every few seconds, learn from them; flushes.

        :param now: seconds of the clock that the throttles run by
        """
        self._tell(now, at)
        if now - self._looked_at < _LOOK_SECONDS or not self._throttles:
            return
        self._looked_at = now
        self._listen(now, at)
        for key, throttle in self._throttles.items():
            limits = limits_for_throttle(key.workspace_id)
            throttle.set_limits(_for_one_of(settings().campaign_workers, limits), now)

    def _tell(self, now: float, at: datetime) -> None:
        for key, throttle in self._throttles.items():
            for learned in throttle.changes(now):
                _write(key.route, learned, at)
                self._written[key.route, learned.domain] = at

    def _listen(self, now: float, at: datetime) -> None:
        since = self._read_up_to or at - _STALE
        rows = db.session.scalars(
            select(LearnedPace).where(
                LearnedPace.route.in_({key.route for key in self._throttles}),
                LearnedPace.changed_at >= since,
            )
        ).all()
        for row in rows:
            if self._written.get((row.route, row.domain)) == row.changed_at:
                continue
            self._written[row.route, row.domain] = row.changed_at
            for key, throttle in self._throttles.items():
                if key.route == row.route:
                    throttle.learn(_read(row, at), now)
        # Clocks of several machines differ a little; a row that is read twice does no harm.
        self._read_up_to = at - timedelta(minutes=1)


def _for_one_of(workers: int, limits: Iterable[Limit]) -> list[Limit]:
    """Return the part of a machine's limits that one of its processes has."""
    return [
        replace(
            limit,
            per_second=limit.per_second / workers,
            concurrent=max(1, limit.concurrent // workers) if limit.concurrent < inf else inf,
        )
        for limit in limits
    ]


def _read(row: LearnedPace, at: datetime) -> Learned:
    return Learned(
        row.domain,
        per_second=row.per_second,
        concurrent=row.concurrent,
        paused_seconds=max(0.0, (row.paused_until - at).total_seconds()),
        is_free=row.per_second >= FREE_PER_SECOND,
    )


def _write(route: str, learned: Learned, at: datetime) -> None:
    dialect: Any = postgresql if db.session.get_bind().dialect.name == "postgresql" else sqlite
    written = {
        # Kept as a row that says so, for those who have not heard yet.
        "per_second": FREE_PER_SECOND if learned.is_free else learned.per_second,
        "concurrent": learned.concurrent,
        "paused_until": at + timedelta(seconds=learned.paused_seconds),
        "changed_at": at,
    }
    db.session.execute(
        dialect.insert(LearnedPace)
        .values(route=route, domain=learned.domain, **written)
        .on_conflict_do_update(index_elements=["route", "domain"], set_=written)
    )
