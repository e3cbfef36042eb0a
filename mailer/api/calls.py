"""What every call has: an id to find it by, and how many more its caller may make."""

import re
import time
from typing import Any, Final, NamedTuple

from flask import Flask, Request, Response, g, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface

from mailer.accounts.models import ApiKey
from mailer.api.errors import ROOT, WORDS, ApiError
from mailer.current import settings
from mailer.lib.ids import public_id, uuid7
from mailer.web.limits import count_in_minute, limiter
from mailer.web.problems import NAMES

_SAFE_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,80}")
#: How their paths begin; the reference is a page beside them.
_CALLS: Final = f"{ROOT}v"
#: In a minute, from one address; a key has 256 bits.
_MOST_GUESSES: Final = 60


class _Left(NamedTuple):
    """How many calls a key may make in a minute, how many of them are left, and for how many seconds."""

    limit: int
    remaining: int
    seconds: int


class CallRequest(Request):
    """A request whose body may be left out where a call needs none of its fields."""

    def on_json_loading_failed(self, e: ValueError | None) -> Any:
        """Take no body for an empty object; what is no JSON is refused as ever."""
        if self.path.startswith(ROOT) and not self.get_data():
            return {}
        return super().on_json_loading_failed(e)


class PageSessions(SecureCookieSessionInterface):
    """Sessions of whoever opens pages: programs bring a key with each call, and are given no cookie."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Read a page's session from its cookie; a call has one that is empty and stays so."""
        return None if request.path.startswith(_CALLS) else super().open_session(app, request)


def init_app(app: Flask) -> None:
    """Give each call its id and each answer its headers."""
    app.session_interface = PageSessions()
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.request_class = CallRequest
    app.before_request(_take_request_id)
    app.after_request(_add_headers)


def count_call(key: ApiKey) -> None:
    """Count a call of a key, by whichever door it came.

    :raises ApiError: it has called too often in this minute
    """
    if not limiter.enabled:
        return
    now = time.time()
    limit = key.calls_per_minute or settings().api_calls_per_minute
    made = count_in_minute("calls", str(key.id), limit=limit, now=now)
    g.calls_left = _Left(limit, max(0, limit - made), 60 - int(now % 60))
    if made > limit:
        raise ApiError(429, NAMES[429], WORDS[429])


def count_guess() -> None:
    """Count a call with a key that is not known.

    :raises ApiError: there were too many from one address in this minute
    """
    address = request.remote_addr or ""
    if count_in_minute("guesses", address, limit=_MOST_GUESSES, now=time.time()) > _MOST_GUESSES:
        raise ApiError(429, NAMES[429], WORDS[429], headers={"Retry-After": "60"})


def _take_request_id() -> None:
    if not request.path.startswith(ROOT):
        return
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if _SAFE_ID.fullmatch(given) else public_id("req", uuid7())


def _add_headers(response: Response) -> Response:
    if "calls_left" in g:
        left: _Left = g.calls_left
        response.headers.add("RateLimit-Limit", str(left.limit))
        response.headers.add("RateLimit-Remaining", str(left.remaining))
        response.headers.add("RateLimit-Reset", str(left.seconds))
        if response.status_code == 429:
            response.headers["Retry-After"] = str(left.seconds)
    if "request_id" in g:
        response.headers.add("X-Request-Id", g.request_id)
        response.headers.setdefault("Cache-Control", "no-store")
    return response
