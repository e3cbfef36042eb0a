"""Repeated requests: the work is done once, and the first answer is given again.

A program that lost the connection cannot know whether its request arrived. With an
``Idempotency-Key`` it just asks again, for a day. The key's row and the work are one
transaction under a unique index, so that neither exists without the other, however
many equal requests arrive at once.
"""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Final, ParamSpec
from uuid import UUID

from flask import Response, current_app, g, request
from sqlalchemy import bindparam, delete, null, select, text, update
from sqlalchemy.exc import OperationalError

from mailer.api.errors import ApiError
from mailer.api.models import IdempotencyKey
from mailer.db import db
from mailer.driver import Change, Question
from mailer.lib.clock import utcnow
from mailer.lib.ids import uuid7

P = ParamSpec("P")

_KEPT_FOR: Final = timedelta(hours=24)
_PRINTABLE: Final = re.compile(r"[\x21-\x7e]([\x20-\x7e]{0,254}[\x21-\x7e])?")
#: An equal request waits for the first one's answer so long before it is told to come back.
_BE_PATIENT: Final = text("SET LOCAL lock_timeout = '1s'")
_BE_AS_BEFORE: Final = text("SET LOCAL lock_timeout TO DEFAULT")
#: PostgreSQL's word for a wait that took longer.
_LOCK_NOT_AVAILABLE: Final = "55P03"
_MARK: Final = "_takes_idempotency_key"


def _taking(dialect: Any) -> Any:
    """Return the statement that takes a key which is free, or whose day is over, and tells whether it did."""
    inserted = dialect.insert(_KEYS).values(
        {name: bindparam(name) for name in ("id", "created_at", "workspace_id", "key", "fingerprint")}
    )
    return inserted.on_conflict_do_update(
        index_elements=["workspace_id", "key"],
        set_={
            "created_at": inserted.excluded.created_at,
            "fingerprint": inserted.excluded.fingerprint,
            "status": null(),
            "body": null(),
        },
        where=_KEYS.c.created_at <= bindparam("day_ago", type_=_KEYS.c.created_at.type),
    ).returning(_KEYS.c.id)


_KEYS: Final[Any] = IdempotencyKey.__table__
_IS_IT: Final = (_KEYS.c.workspace_id == bindparam("of")) & (_KEYS.c.key == bindparam("named"))
_KEPT: Final = Question(select(_KEYS.c.fingerprint, _KEYS.c.status, _KEYS.c.body).where(_IS_IT))
_KEEP: Final = Change(
    update(_KEYS).where(_IS_IT).values(status=bindparam("answered"), body=bindparam("answer"))
)
_TAKE: Final = Change(_taking)


@dataclass(frozen=True)
class Answer:
    """What was answered under a key."""

    status: int
    body: str


def idempotent(view: Callable[P, Any]) -> Callable[P, Response]:
    """Run a view that creates or sends, and commit its work together with its answer.

    An error rolls everything back, and so frees the key.
    """

    @wraps(view)
    def once(*args: P.args, **kwargs: P.kwargs) -> Response:
        key = _key_given()
        if key:
            kept = begin(g.workspace.id, key, _fingerprint(), now=utcnow())
            if kept is not None:
                db.session.rollback()
                return _again(kept)
        response: Response = current_app.make_response(view(*args, **kwargs))
        if key:
            keep(g.workspace.id, key, status=response.status_code, body=response.get_data(as_text=True))
        db.session.commit()
        return response

    setattr(once, _MARK, True)
    return once


def begin(workspace_id: UUID, key: str, fingerprint: str, *, now: datetime) -> Answer | None:
    """Take a key for the transaction under way, or return the answer that was given under it.

    :param fingerprint: SHA-256 of the request, which is the same when it is repeated
    :raises ApiError: the key stands for another request, or for one that is still running
    """
    if _take(workspace_id, key, fingerprint, now=now):
        return None
    kept = _KEPT.ask([{"of": workspace_id, "named": key}])
    if not kept or kept[0][1] is None:
        raise _still_running()
    [(kept_fingerprint, status, body)] = kept
    if kept_fingerprint != fingerprint:
        raise ApiError(
            409,
            "invalid_idempotent_request",
            "This Idempotency-Key was used for another request; take a new one for each.",
        )
    return Answer(status, body or "")


def keep(workspace_id: UUID, key: str, *, status: int, body: str) -> None:
    """Remember the answer to be given under a key that :func:`begin` took."""
    _KEEP.make({"of": workspace_id, "named": key, "answered": status, "answer": body})


def is_idempotent(view: Any) -> bool:
    """Whether a view takes an ``Idempotency-Key``."""
    return getattr(view, _MARK, False)


def forget_old_answers(*, now: datetime) -> int:
    """Delete the answers whose day is over.

    :return: how many
    """
    old = delete(IdempotencyKey).where(IdempotencyKey.created_at <= now - _KEPT_FOR)
    forgotten: int = db.session.execute(old).rowcount  # type: ignore[attr-defined]
    return forgotten


def _key_given() -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not _PRINTABLE.fullmatch(key):
        raise ApiError(
            400, "invalid_idempotency_key", "Idempotency-Key takes 1 to 256 printable ASCII characters."
        )
    return key


def _fingerprint() -> str:
    body = json.dumps(request.get_json(silent=True, force=True), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{request.method} {request.path}\n{body}".encode()).hexdigest()


def _take(workspace_id: UUID, key: str, fingerprint: str, *, now: datetime) -> bool:
    """Write the key's row unless there is one of this day; an equal request under way is waited for."""
    connection = db.session.connection()
    is_postgresql = connection.dialect.name == "postgresql"
    row = {
        "id": uuid7(),
        "created_at": now,
        "workspace_id": workspace_id,
        "key": key,
        "fingerprint": fingerprint,
        "day_ago": now - _KEPT_FOR,
    }
    if is_postgresql:
        connection.execute(_BE_PATIENT)
    try:
        taken = _TAKE.make(row).number
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
            raise
        raise _still_running() from error
    if is_postgresql:
        connection.execute(_BE_AS_BEFORE)
    return taken > 0


def _still_running() -> ApiError:
    return ApiError(
        409,
        "concurrent_idempotent_requests",
        "A request with this Idempotency-Key is still running.",
        headers={"Retry-After": "1"},
    )


def _again(answer: Answer) -> Response:
    return current_app.response_class(
        answer.body,
        answer.status,
        {"Idempotent-Replayed": "true"},
        mimetype="application/json",
    )
