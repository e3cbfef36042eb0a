"""Errors become pages, once, for every door that speaks HTML; programs that ask there for JSON get it."""

from collections.abc import Mapping
from time import time
from typing import Final

from flask import Flask, Response, current_app, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from mailer.db import DATABASE_AWAY, db
from mailer.errors import MailerError
from mailer.web.answers import wants_json
from mailer.web.languages import translated as _
from mailer.web.languages import waiting_time
from mailer.web.limits import limiter
from mailer.web.problems import headers_of, problem, status_of

#: Providers and crawlers come back by themselves.
_LATER: Final = {"Retry-After": "60"}
#: Where nobody said more: HTTP's own words are for whoever writes programs.
_WORDS: Final = {
    400: "The browser sent something that nothing can be made of. Go back, reload the page, and try again.",
    404: "There is no page at this address. Part of the link may be missing, or what it led to was deleted.",
    405: "Nothing happens at this address in that way. Go back, and press the button once more.",
    413: "What you sent is too large. Go back, choose a smaller file, or send it in parts.",
}

#: For a form that was opened in another session, or so long ago that its token has run out.
_TOO_OLD: Final = (
    "Nothing was changed: this page had been open for too long, or you have signed in anew since. "
    "Go back, reload the page, and do it once more."
)


def init_app(app: Flask) -> None:
    """Answer the four kinds of error, HTTP's own, and a database that is away."""
    app.register_error_handler(MailerError, _rule_broken)
    for away in DATABASE_AWAY:
        app.register_error_handler(away, _database_away)
    app.register_error_handler(HTTPException, _http_error)


def _rule_broken(error: MailerError) -> ResponseReturnValue:
    db.session.rollback()
    if wants_json():
        return _problem(status_of(error), error.message, fields=error.fields)
    return _page(error.message, status_of(error))


def _database_away(_error: Exception) -> ResponseReturnValue:
    db.session.rollback()
    sentence = "The database does not answer, and nothing was changed. Go back, and try again in a minute."
    if wants_json():
        return _problem(503, sentence, headers=_LATER)
    # Nothing that is read anew: neither the workspace nor, as before every page, who has signed in.
    g.pop("workspace", None)
    page = current_app.jinja_env.get_template(_frame()).render(message=sentence, status=503)
    return page, 503, _LATER


def _http_error(error: HTTPException) -> ResponseReturnValue | HTTPException:
    if error.code is None or error.code < 400:
        return error
    if error.code == 429:
        return _too_often()
    words, headers = _words(error, error.code), headers_of(error)
    if wants_json():
        return _problem(error.code, words, headers=headers)
    return *_page(words, error.code), headers


def _too_often() -> ResponseReturnValue:
    """Answer whoever reached a limit with how long to wait, in words and as a header.

    The limiter itself would name its rule, such as “4 per 1 hour”.
    """
    reached = limiter.current_limit
    # The limiter already adds a second to when its window ends.
    seconds = max(1, int(reached.reset_at - time())) if reached else 60
    sentence = _(
        "That was too often in a short time, and nothing was changed. Wait %(time)s, then try again."
    )
    sentence %= {"time": waiting_time(seconds)}
    later = {"Retry-After": str(seconds)}
    if wants_json():
        return _problem(429, sentence, headers=later)
    return *_page(sentence, 429), later


def _words(error: HTTPException, status: int) -> str:
    """Return what an error of HTTP says to whoever reads it; some of them are subscribers."""
    if isinstance(error, CSRFError):
        return _TOO_OLD
    if status == 500:
        return _(
            "Something went wrong on our side. "
            "Try again in a minute; if it stays, tell whoever runs this site."
        )
    is_told = error.description != type(error).description
    return (error.description if is_told else _WORDS.get(status, error.description)) or error.name


def _problem(
    status: int,
    message: str,
    *,
    fields: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    # Whoever opens pages has no key that could be restricted.
    return problem(
        status, message, name="forbidden" if status == 403 else None, fields=fields, headers=headers
    )


def _page(message: str, status: int) -> tuple[str, int]:
    return render_template(_frame(), message=message, status=status), status


def _frame() -> str:
    """Return the frame of whom an error is for: of pages that speak a reader's language, or of the app."""
    if request.headers.get("HX-Request"):
        return "web/error_part.html"
    return "web/public_error.html" if "language" in g else "web/error.html"
