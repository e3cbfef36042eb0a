"""Telling endpoints what happened: each has a lane of its own, so that a dead one delays nobody.

A lane is held by one worker at a time and posts what is due, the earliest first. Nothing of
the database waits while a receiver thinks; each answer is committed before the next request.
"""

import json
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import or_, select, update

from mailer.current import settings
from mailer.db import db
from mailer.errors import Invalid
from mailer.jobs import POST_WEBHOOKS, later
from mailer.lib.clock import utcnow
from mailer.lib.ids import public_id
from mailer.lib.outbound import Outbound, anywhere
from mailer.webhooks.backoff import pause_after, retry_delay
from mailer.webhooks.end import disable
from mailer.webhooks.models import Endpoint, Event, Posting, PostingState, Try
from mailer.webhooks.signing import secrets_of, signature

#: A lane then makes room for others, and asks to be taken up again.
_AT_ONCE: Final = 50
_LEASE: Final = timedelta(seconds=60)
_PATIENCE_SECONDS: Final = 10.0
_READ_BYTES: Final = 2_000
_WORDS: Final = 500
#: These say: not so fast, or not now (Standard Webhooks); the whole lane waits.
_SLOW_DOWN: Final = frozenset({429, 502, 503, 504})
_GONE: Final = 410
_LONGEST_WISH: Final = timedelta(hours=1)


@dataclass(frozen=True)
class Request:
    """One try: what is sent where, with the headers that prove it."""

    url: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Response:
    """What an endpoint answered.

    :param status: none when it answered nothing, or must not be asked
    :param words: the beginning of the answer, or why there was none
    :param wait: what it asks for in ``Retry-After``
    """

    status: int | None
    words: str
    milliseconds: int
    wait: timedelta | None = None

    @property
    def is_success(self) -> bool:
        """Whether the event arrived."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_silence(self) -> bool:
        """Whether it is the endpoint that fails, rather than this event."""
        return self.status is None or self.status in _SLOW_DOWN


def post_webhooks(endpoint_id: UUID, *, outbound: Outbound | None = None) -> None:
    """Post what is due at one endpoint; commits after each, since nothing waits for a receiver."""
    if not _take_lane(endpoint_id, now=utcnow()):
        return
    outbound = outbound or _outbound()
    try:
        for _ in range(_AT_ONCE):
            posting_id, request = _next(endpoint_id, now=utcnow())
            if request is None or posting_id is None:
                break
            response = _ask(outbound, request)
            if not _note(endpoint_id, posting_id, response, now=utcnow()):
                break
    finally:
        db.session.rollback()
        _leave_lane(endpoint_id, now=utcnow())


def request_for(event: Event, endpoint: Endpoint, *, now: datetime) -> Request:
    """Return the request that tells an endpoint about an event, signed as of now."""
    event_id, timestamp = public_id(Event.prefix, event.id), int(now.timestamp())
    body = json.dumps(
        {"type": event.name, "timestamp": event.created_at.isoformat(), "data": event.data},
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()
    signed = signature(secrets_of(endpoint, now=now), event_id=event_id, timestamp=timestamp, body=body)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Mailer-Webhooks/1",
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signed,
    }
    return Request(endpoint.url, headers, body)


def due_endpoints(*, now: datetime) -> list[UUID]:
    """Return the endpoints with something due that nobody is at."""
    has_due = (
        select(Posting.id).where(Posting.endpoint_id == Endpoint.id, Posting.next_try_at <= now).exists()
    )
    return list(db.session.scalars(select(Endpoint.id).where(*_is_free(now), has_due)))


def _is_free(now: datetime) -> list[Any]:
    return [
        Endpoint.disabled_at.is_(None),
        or_(Endpoint.paused_until.is_(None), Endpoint.paused_until <= now),
        or_(Endpoint.leased_until.is_(None), Endpoint.leased_until <= now),
    ]


def _take_lane(endpoint_id: UUID, *, now: datetime) -> bool:
    taken = db.session.scalar(
        update(Endpoint)
        .where(Endpoint.id == endpoint_id, *_is_free(now))
        .values(leased_until=now + _LEASE, updated_at=Endpoint.updated_at)
        .returning(Endpoint.id)
    )
    db.session.commit()
    return taken is not None


def _leave_lane(endpoint_id: UUID, *, now: datetime) -> None:
    """Let go of a lane, and ask for it again when something is due by now."""
    db.session.execute(
        update(Endpoint)
        .where(Endpoint.id == endpoint_id)
        .values(leased_until=None, updated_at=Endpoint.updated_at)
    )
    if endpoint_id in due_endpoints(now=now):
        later(POST_WEBHOOKS, str(endpoint_id))
    db.session.commit()


def _next(endpoint_id: UUID, *, now: datetime) -> tuple[UUID | None, Request | None]:
    """Return what is due first, and lengthen the lease for it; the transaction ends before it is sent."""
    endpoint = db.session.get(Endpoint, endpoint_id, populate_existing=True)
    if endpoint is None or not endpoint.is_enabled:
        return None, None
    posting = db.session.scalar(
        select(Posting)
        .where(Posting.endpoint_id == endpoint_id, Posting.next_try_at <= now)
        .order_by(Posting.next_try_at, Posting.id)
        .limit(1)
    )
    if posting is None:
        return None, None
    posting_id, request = posting.id, request_for(posting.event, endpoint, now=now)
    db.session.execute(
        update(Endpoint)
        .where(Endpoint.id == endpoint_id)
        .values(leased_until=now + _LEASE, updated_at=Endpoint.updated_at)
    )
    db.session.commit()
    return posting_id, request


def _ask(outbound: Outbound, request: Request) -> Response:
    began = time.monotonic()
    try:
        answer = outbound.ask(request.url, method="POST", headers=request.headers, body=request.body)
    except Invalid as error:
        return Response(None, error.message[:_WORDS], _since(began))
    words = answer.body.decode("utf-8", "replace").replace("\0", "")[:_WORDS]
    return Response(answer.status, words, _since(began), wait=_wish(answer.headers.get("retry-after", "")))


def _note(endpoint_id: UUID, posting_id: UUID, response: Response, *, now: datetime) -> bool:
    """Write an answer down; return whether the lane may go on."""
    posting = db.session.get(Posting, posting_id, with_for_update=True)
    endpoint = db.session.get(Endpoint, endpoint_id, with_for_update=True)
    if posting is None or endpoint is None:
        db.session.commit()
        return False
    db.session.add(
        Try(
            posting_id=posting_id,
            status=response.status,
            words=response.words,
            milliseconds=response.milliseconds,
        )
    )
    posting.try_count += 1
    posting.status, posting.words = response.status, response.words
    if response.is_success:
        posting.state, posting.next_try_at, posting.ended_at = PostingState.DELIVERED, None, now
        endpoint.succeeded_at, endpoint.failing_since = now, None
        endpoint.silence_count, endpoint.paused_until = 0, None
    else:
        _note_failure(endpoint, posting, response, now=now)
    db.session.commit()
    return endpoint.is_enabled and endpoint.paused_until is None


def _note_failure(endpoint: Endpoint, posting: Posting, response: Response, *, now: datetime) -> None:
    endpoint.failing_since = endpoint.failing_since or now
    if response.is_silence:
        endpoint.silence_count += 1
        endpoint.paused_until = now + max(pause_after(endpoint.silence_count), response.wait or timedelta())
    delay = retry_delay(posting.try_count)
    if response.status == _GONE:
        posting.next_try_at = now
        disable(endpoint, "It answered 410 Gone: nobody listens there any more.", now=now)
    elif delay is not None:
        posting.next_try_at = now + max(delay, response.wait or timedelta())
    else:
        posting.state, posting.next_try_at, posting.ended_at = PostingState.FAILED, None, now
        if endpoint.succeeded_at is None or endpoint.succeeded_at < posting.created_at:
            told = response.words or (f"status {response.status}" if response.status else "nothing")
            disable(endpoint, f"It took nothing for three days. The last it said: {told}", now=now)


def _outbound() -> Outbound:
    """Return the way out: no redirects, and no address in our own network unless that is allowed."""
    common: dict[str, Any] = {"seconds": _PATIENCE_SECONDS, "most_bytes": _READ_BYTES, "redirects": 0}
    return (
        Outbound(permits=anywhere, ports=None, **common)
        if settings().private_webhooks
        else Outbound(**common)
    )


def _wish(retry_after: str) -> timedelta | None:
    """Return what ``Retry-After`` asks for in seconds, within reason; a date is not understood."""
    return min(timedelta(seconds=int(retry_after[:6])), _LONGEST_WISH) if retry_after.isdecimal() else None


def _since(began: float) -> int:
    return int((time.monotonic() - began) * 1000)
