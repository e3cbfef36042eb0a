"""Writing down what happened for those who asked, in the transaction in which it happened."""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from threading import Lock
from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert, select

from mailer.db import db
from mailer.jobs import POST_WEBHOOKS, later
from mailer.lib.ids import uuid7
from mailer.webhooks.models import Endpoint, Event, Posting, PostingState

#: The sender asks with every batch; a new endpoint is known to every process so soon.
_REMEMBERED_SECONDS: Final = 2.0


class _Asked:
    """Which events each workspace's endpoints ask for, remembered for a moment in each process."""

    def __init__(self) -> None:
        self._by_workspace: dict[UUID, tuple[float, list[Endpoint]]] = {}
        self._lock = Lock()

    def __call__(self, workspace_id: UUID) -> list[Endpoint]:
        now = time.monotonic()
        known = self._by_workspace.get(workspace_id)
        if known is None or now - known[0] > _REMEMBERED_SECONDS:
            known = (now, _endpoints(workspace_id))
            with self._lock:
                self._by_workspace[workspace_id] = known
        return known[1]

    def forget(self, workspace_id: UUID) -> None:
        """Look again the next time: an endpoint was changed."""
        with self._lock:
            self._by_workspace.pop(workspace_id, None)


asked = _Asked()


def is_asked_for(workspace_id: UUID, *names: str) -> bool:
    """Whether anybody asked to be told about any of some events, so that their data need not be read."""
    return any(endpoint.asks_for(name) for endpoint in asked(workspace_id) for name in names)


def tell(workspace_id: UUID, name: str, data: Mapping[str, Any], *, now: datetime) -> None:
    """Write an event down for the endpoints that asked for it; without any, nothing is written."""
    tell_many(workspace_id, [(name, data)], now=now)


def tell_many(
    workspace_id: UUID, happened: Sequence[tuple[str, Mapping[str, Any]]], *, now: datetime
) -> None:
    """Write many events down at once: two statements, whatever their number."""
    endpoints = asked(workspace_id)
    events: list[dict[str, Any]] = []
    postings: list[dict[str, Any]] = []
    for name, data in happened:
        asking = [endpoint.id for endpoint in endpoints if endpoint.asks_for(name)]
        if asking:
            events.append(_event(workspace_id, name, data, now))
            postings += [_posting(endpoint_id, events[-1]["id"], now) for endpoint_id in asking]
    _write(events, postings)


def tell_one(endpoint: Endpoint, name: str, data: Mapping[str, Any], *, now: datetime) -> Posting:
    """Tell one endpoint something, whatever it asked for: a test."""
    event = _event(endpoint.workspace_id, name, data, now)
    posting = _posting(endpoint.id, event["id"], now)
    _write([event], [posting])
    return db.session.get_one(Posting, posting["id"])


def _endpoints(workspace_id: UUID) -> list[Endpoint]:
    """Return the endpoints that are told anything, apart from any session: other threads read them."""
    rows = db.session.execute(
        select(Endpoint.id, Endpoint.events).where(
            Endpoint.workspace_id == workspace_id, Endpoint.disabled_at.is_(None)
        )
    )
    return [Endpoint(id=row.id, workspace_id=workspace_id, events=row.events) for row in rows]


def _event(workspace_id: UUID, name: str, data: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    return {"id": uuid7(), "created_at": now, "workspace_id": workspace_id, "name": name, "data": dict(data)}


def _posting(endpoint_id: UUID, event_id: UUID, now: datetime) -> dict[str, Any]:
    return {
        "id": uuid7(),
        "created_at": now,
        "endpoint_id": endpoint_id,
        "event_id": event_id,
        "state": PostingState.WAITING,
        "try_count": 0,
        "next_try_at": now,
        "words": "",
    }


def _write(events: Sequence[Mapping[str, Any]], postings: Sequence[Mapping[str, Any]]) -> None:
    if not events:
        return
    db.session.execute(insert(Event), events)
    db.session.execute(insert(Posting), postings)
    for endpoint_id in {posting["endpoint_id"] for posting in postings}:
        later(POST_WEBHOOKS, str(endpoint_id))
