"""Who may call: the holder of a key, within the key's scope."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, TypeVar

from apiflask import APIBlueprint
from flask import current_app, g, request
from werkzeug.exceptions import RequestEntityTooLarge

from mailer.accounts.keys import is_use_due, key_for, note_use
from mailer.accounts.models import ApiKey
from mailer.accounts.scopes import is_granted
from mailer.api.calls import count_call, count_guess
from mailer.api.errors import ApiError, answer_errors
from mailer.db import begin_reading, db
from mailer.lib.clock import utcnow

View = TypeVar("View", bound=Callable[..., Any])

VERSION: Final = "/api/v1"

_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_SCOPES: Final = "_scopes"
_MOST_BYTES: Final = "_most_bytes"
#: A campaign with its pictures inside is the largest thing that is sent here.
_LARGEST_BODY: Final = 8 * 1024 * 1024


def api_blueprint(name: str, import_name: str, *, tag: str) -> APIBlueprint:
    """Return a blueprint for calls under ``/api/v1``.

    Each request has ``g.api_key`` and ``g.workspace``, to be read: whoever changes one loads it
    first. Its errors are problem JSON.

    :param tag: under which heading the description of the API lists these calls
    """
    bp = APIBlueprint(name, import_name, url_prefix=VERSION, tag=tag)
    bp.before_request(_require_key)
    answer_errors(bp)
    return bp


def allows(*scopes: str) -> Callable[[View], View]:
    """Say any of which scopes a call takes, where those are not of its address; with none, every key may."""

    def mark(view: View) -> View:
        setattr(view, _SCOPES, frozenset(scopes))
        return view

    return mark


def takes_up_to(most_bytes: int) -> Callable[[View], View]:
    """Let a call have a larger body than others, such as one with files in it."""

    def mark(view: View) -> View:
        setattr(view, _MOST_BYTES, most_bytes)
        return view

    return mark


def scopes_of(view: Any, path: str, method: str) -> frozenset[str]:
    """Return the scopes any of which a call takes; with none, every key may make it.

    :param path: of its route; the word after the version is the resource
    """
    said: frozenset[str] | None = getattr(view, _SCOPES, None)
    if said is not None:
        return said
    resource = path.removeprefix(f"{VERSION}/").partition("/")[0]
    return frozenset({f"{resource}:{'read' if method in _SAFE_METHODS else 'write'}"})


def enter(secret: str | None) -> None:
    """Let a request in that brings a key, if the key may do what it asks for.

    :param secret: as the request has it; none where it has none
    :raises ApiError: it is not let in
    """
    if not secret:
        raise ApiError(
            401,
            "missing_api_key",
            "Send your API key as “Authorization: Bearer mlr_…”.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    now = utcnow()
    key = key_for(secret, now=now)
    if key is None:
        count_guess()
        raise ApiError(
            401,
            "invalid_api_key",
            "This API key is not known here, was revoked, or is past its day.",
            headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
        )
    count_call(key)
    if is_use_due(key, now=now):
        _note_use(key, now)
    g.api_key, g.workspace = key, key.workspace
    _require_scope(key)
    _require_json()


def secret_in_header() -> str | None:
    """Return the secret of a request’s ``Authorization`` header."""
    given = request.authorization
    return given.token if given is not None and given.type == "bearer" else None


def _require_key() -> None:
    enter(secret_in_header())


def _note_use(key: ApiKey, now: datetime) -> None:
    # A call that only looks reads without waiting for writers, so that this takes a
    # transaction of its own.
    db.session.rollback()
    note_use(key, now=now)
    db.session.commit()
    if request.method in _SAFE_METHODS:
        begin_reading()


def _require_scope(key: ApiKey) -> None:
    view = current_app.view_functions[request.endpoint or ""]
    wanted = scopes_of(view, request.path, request.method)
    if not is_granted(wanted, held=key.scopes):
        scopes = " or ".join(f"“{scope}”" for scope in sorted(wanted))
        raise ApiError(403, "restricted_api_key", f"This takes a key with the scope {scopes}.")


def _require_json() -> None:
    if request.method in _SAFE_METHODS:
        return
    view = current_app.view_functions[request.endpoint or ""]
    if (request.content_length or 0) > getattr(view, _MOST_BYTES, _LARGEST_BODY):
        raise RequestEntityTooLarge
    if not request.content_length and "Transfer-Encoding" not in request.headers:
        return
    if not request.is_json:
        raise ApiError(415, "unsupported_media_type", "Send the body as “Content-Type: application/json”.")
    try:
        request.get_json(force=True)
    except RecursionError:
        raise ApiError(400, "invalid_request", "The body is nested too deeply.") from None
