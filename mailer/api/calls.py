"""What every call has: an id to find it by, and how many more its caller may make."""

import re
import time
from typing import Final

from apiflask import APIBlueprint
from flask import Flask, Response, g, request

from mailer.api.errors import ROOT
from mailer.current import settings
from mailer.lib.ids import public_id, uuid7
from mailer.lib.secrets import fingerprint
from mailer.web.limits import limiter

_SAFE_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,80}")
#: Whoever guesses keys gets this many guesses; a key has 256 bits.
_GUESSES: Final = "60 per minute"


def init_app(app: Flask) -> None:
    """Give each call its id and each answer its headers."""
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.before_request(_take_request_id)
    app.after_request(_add_headers)


def limit_calls(bp: APIBlueprint) -> None:
    """Bound how often one key, and how often one address without a good key, may call."""
    limiter.limit(_calls_per_minute, key_func=_caller, scope="api")(bp)
    limiter.limit(_GUESSES, scope="api", deduct_when=lambda response: response.status_code == 401)(bp)


def _take_request_id() -> None:
    if not request.path.startswith(ROOT):
        return
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if _SAFE_ID.fullmatch(given) else public_id("req", uuid7())


def _add_headers(response: Response) -> Response:
    if "request_id" not in g:
        return response
    response.headers["X-Request-Id"] = g.request_id
    response.headers.setdefault("Cache-Control", "no-store")
    limit = limiter.current_limit
    if limit is not None:
        seconds = str(max(0, int(limit.reset_at - time.time())))
        response.headers["RateLimit-Limit"] = str(limit.limit.amount)
        response.headers["RateLimit-Remaining"] = str(limit.remaining)
        response.headers["RateLimit-Reset"] = seconds
        if response.status_code == 429:
            response.headers["Retry-After"] = seconds
    return response


def _calls_per_minute() -> str:
    return f"{settings().api_calls_per_minute} per minute"


def _caller() -> str:
    # Limits are checked before the key is; of an unknown secret only the hash is kept.
    return fingerprint(request.headers.get("Authorization", request.remote_addr or ""))
