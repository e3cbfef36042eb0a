"""Errors become problem JSON, once, for every call under ``/api``."""

import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

from apiflask.exceptions import HTTPError as BadInput
from flask import Blueprint, Flask, Response, request
from werkzeug.exceptions import HTTPException, InternalServerError

from mailer.db import DATABASE_AWAY, db
from mailer.errors import MailerError
from mailer.web.problems import NAMES, headers_of, problem, status_of

log = logging.getLogger(__name__)

ROOT: Final = "/api/"
#: Where only programs call: also with what was written for other mail services.
_DOORS: Final = (ROOT, "/compat/")

#: By status, where nobody said it better.
WORDS: Final = {
    400: "The request cannot be read: its body is no JSON.",
    404: "There is nothing at this address.",
    405: "This address does not take that method.",
    413: "The request is too large.",
    429: "Too many requests; wait as long as Retry-After says.",
    500: "Something went wrong on our side. The request id finds it in the log.",
    503: "The database does not answer in time; try again in a moment.",
}


#: What the checker of input says, for whoever does not know it.
_PLAINLY: Final = {
    "Extra inputs are not permitted": "There is no field of this name.",
    "Field required": "This field is needed.",
}


class ApiError(MailerError):
    """An error that only calls of the API know, with its status, name and headers."""

    def __init__(
        self, status: int, name: str, message: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.name, self.headers = status, name, dict(headers or {})


def init_app(app: Flask) -> None:
    """Answer with JSON where no route is met: there, no blueprint's handlers are asked."""
    app.before_request(_answer_lost_call)


def answer_errors(bp: Blueprint) -> None:
    """Turn whatever is raised behind a blueprint into problem JSON."""
    bp.register_error_handler(MailerError, _rule_broken)
    bp.register_error_handler(BadInput, _input_refused)
    bp.register_error_handler(HTTPException, _http_error)
    answer_when_away(bp, _rule_broken)


def answer_when_away(bp: Blueprint, answer: Callable[[ApiError], Any]) -> None:
    """Say behind a blueprint that the database is down or busy as any other error is said there.

    :param answer: turns an error into what the blueprint's callers read
    """
    for away in DATABASE_AWAY:
        bp.register_error_handler(away, lambda error: answer(_away(error)))


def _answer_lost_call() -> Response | HTTPException | None:
    error = request.routing_exception
    if error is None or (error.code or 0) < 400 or not request.path.startswith(_DOORS):
        return None
    return _http_error(error)


def _rule_broken(error: MailerError) -> Response:
    db.session.rollback()
    if isinstance(error, ApiError):
        return problem(error.status, error.message, name=error.name, headers=error.headers)
    return problem(status_of(error), error.message, fields=error.fields)


def _input_refused(error: BadInput) -> Response:
    db.session.rollback()
    by_place = error.detail if isinstance(error.detail, dict) else {}
    fields = {field: _sentence(texts[0]) for place in by_place.values() for field, texts in place.items()}
    if "_schema" in fields:
        return problem(422, "The body must be one JSON object.")
    return problem(error.status_code, "Some fields cannot be used; see errors.", fields=fields)


def _http_error(error: HTTPException) -> Response | HTTPException:
    status = error.code or 500
    if status < 400:
        return error
    db.session.rollback()
    if isinstance(error, InternalServerError):
        return problem(500, WORDS[500])
    is_told = error.description != type(error).description
    words = error.description if is_told else WORDS.get(status, error.description)
    return problem(status, words or error.name, headers=headers_of(error))


def _away(error: Any) -> ApiError:
    log.warning("The database did not answer a call in time: %s", getattr(error, "orig", error))
    return ApiError(503, NAMES[503], WORDS[503], headers={"Retry-After": "1"})


def _sentence(text: str) -> str:
    text = _PLAINLY.get(text, text).removeprefix("Value error, ").rstrip(".")
    return f"{text[:1].upper()}{text[1:]}."
