"""Making, changing and removing endpoints; having something told again."""

from collections.abc import Iterable
from datetime import datetime
from difflib import get_close_matches
from uuid import UUID

from sqlalchemy import ColumnElement, update

from mailer.current import settings
from mailer.db import db
from mailer.errors import Conflict, Invalid
from mailer.jobs import POST_WEBHOOKS, later
from mailer.lib.lines import clean_line
from mailer.lib.outbound import NotAsked, check_url
from mailer.webhooks.catalogue import EVENTS, EVERYTHING
from mailer.webhooks.models import Endpoint, Posting, PostingState
from mailer.webhooks.signing import give_secret, rotate_secret
from mailer.webhooks.tell import asked, tell_one

_MOST_ENDPOINTS = 50
_LONGEST_URL = 2_000


def create_endpoint(
    workspace_id: UUID,
    *,
    url: str,
    events: Iterable[str],
    description: str = "",
    created_by_id: UUID | None = None,
) -> tuple[Endpoint, str]:
    """Make an endpoint.

    :return: it and its secret, which cannot be read again
    :raises Invalid: the address cannot be asked, or an event does not exist
    """
    if db.session.query(Endpoint).filter_by(workspace_id=workspace_id).count() >= _MOST_ENDPOINTS:
        raise Invalid(f"A workspace has {_MOST_ENDPOINTS} endpoints at most.")
    endpoint = Endpoint(workspace_id=workspace_id, created_by_id=created_by_id)
    secret = give_secret(endpoint)
    change_endpoint(endpoint, url=url, events=events, description=description)
    db.session.add(endpoint)
    db.session.flush()
    return endpoint, secret


def change_endpoint(endpoint: Endpoint, *, url: str, events: Iterable[str], description: str) -> None:
    """Change where an endpoint is and what it is told.

    :raises Invalid: the address cannot be asked, or an event does not exist
    """
    endpoint.url = _checked_url(url)
    endpoint.events = _checked_events(events)
    endpoint.description = clean_line(description, label="The description", longest=200)
    asked.forget(endpoint.workspace_id)
    db.session.flush()


def remove_endpoint(endpoint: Endpoint) -> None:
    """Remove an endpoint with its log."""
    asked.forget(endpoint.workspace_id)
    db.session.delete(endpoint)
    db.session.flush()


def switch_endpoint(endpoint: Endpoint, *, is_enabled: bool, now: datetime) -> None:
    """Tell an endpoint again, also what still waits for it, or tell it nothing more."""
    if is_enabled:
        endpoint.enable()
        later(POST_WEBHOOKS, str(endpoint.id))
    elif endpoint.is_enabled:
        endpoint.disable("", at=now)
    asked.forget(endpoint.workspace_id)
    db.session.flush()


def replace_secret(endpoint: Endpoint, *, now: datetime) -> str:
    """Give an endpoint another secret, and return it; for a day both sign."""
    secret = rotate_secret(endpoint, now=now)
    db.session.flush()
    return secret


def send_test(endpoint: Endpoint, *, now: datetime) -> Posting:
    """Tell an endpoint a test event.

    :raises Conflict: it is switched off
    """
    if not endpoint.is_enabled:
        raise Conflict("This endpoint is switched off; switch it on first.")
    endpoint.paused_until = None
    words = {"message": "This is a test. If its signature verifies, everything is set up."}
    return tell_one(endpoint, "webhook.test", words, now=now)


def replay(posting: Posting, *, now: datetime) -> None:
    """Tell one event once more, under the same id.

    :raises Conflict: its endpoint is switched off
    """
    _again(posting.endpoint, Posting.id == posting.id, now=now)


def replay_since(endpoint: Endpoint, *, since: datetime, now: datetime) -> int:
    """Tell again what failed since a time, under the same ids; return how many events that is.

    :raises Conflict: the endpoint is switched off
    """
    return _again(endpoint, Posting.state == PostingState.FAILED, Posting.created_at >= since, now=now)


def _again(endpoint: Endpoint, *which: ColumnElement[bool], now: datetime) -> int:
    if not endpoint.is_enabled:
        raise Conflict("This endpoint is switched off; switch it on first.")
    replayed = db.session.scalars(
        update(Posting)
        .where(Posting.endpoint_id == endpoint.id, *which)
        .values(state=PostingState.WAITING, next_try_at=now, ended_at=None, try_count=0)
        .returning(Posting.id)
        .execution_options(synchronize_session=False)
    ).all()
    endpoint.paused_until = None
    db.session.flush()
    later(POST_WEBHOOKS, str(endpoint.id))
    return len(replayed)


def _checked_url(url: str) -> str:
    url = url.strip()
    try:
        check_url(url)
    except NotAsked as error:
        raise Invalid(error.message, fields={"url": error.message}) from None
    if len(url) > _LONGEST_URL:
        sentence = f"Use {_LONGEST_URL} characters or fewer."
        raise Invalid(sentence, fields={"url": sentence})
    if url.startswith("http:") and not settings().private_webhooks:
        sentence = "Use an https: address: events hold people’s addresses."
        raise Invalid(sentence, fields={"url": sentence})
    return url


def _checked_events(events: Iterable[str]) -> list[str]:
    chosen = list(dict.fromkeys(events))
    known = {EVERYTHING, *EVENTS, *(f"{name.partition('.')[0]}.*" for name in EVENTS)}
    unknown = [name for name in chosen if name not in known]
    if unknown or not chosen:
        near = get_close_matches(unknown[0], sorted(known), n=1) if unknown else []
        guess = f" Did you mean “{near[0]}”?" if near else ""
        sentence = (
            f"There is no event “{unknown[0][:60]}”.{guess}" if unknown else "Choose at least one event."
        )
        raise Invalid(sentence, fields={"events": sentence})
    return chosen
