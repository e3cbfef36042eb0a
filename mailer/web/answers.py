"""Answers that many doors give."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from flask import (
    Response,
    flash,
    get_template_attribute,
    jsonify,
    request,
    send_file,
    stream_with_context,
)
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from mailer.db import db
from mailer.errors import Conflict, Invalid, MailerError
from mailer.lib.clock import utcnow
from mailer.web.problems import PROBLEM_TYPE

#: Media types, by how a file's name ends.
FILE_KINDS: Final = {"csv": "text/csv", "jsonl": "application/x-ndjson", "json": "application/json"}


def wants_json() -> bool:
    """Whether a program asks, such as a script of our own pages, which tells people itself."""
    return request.accept_mimetypes.best in {"application/json", PROBLEM_TYPE}


@contextmanager
def refusal_told(before: str = "") -> Iterator[None]:
    """Let the next page say why a verb refused, instead of a page of its own.

    A script of ours gets the refusal as JSON; what is not there stays a 404.

    :param before: begins the sentence, such as ``Nothing was sent: ``
    """
    try:
        yield
    except (Invalid, Conflict) as error:
        if wants_json():
            raise
        db.session.rollback()
        flash(before + error.message, "error")


def flash_with_undo(text: str, undo: str) -> None:
    """Say on the next page what was done, beside a button that posts to what takes it back."""
    flash({"text": text, "undo": undo}, "success")  # type: ignore[arg-type]


def flash_html(message: str | Mapping[str, Any]) -> str:
    """Return what was done as a flash, for a page that stays where it is.

    :param message: words, or what ``components/flash.html`` takes for one that can be undone
    """
    return str(get_template_attribute("components/flash.html", "flash")(message, "success"))


def not_saved(error: MailerError, *, revision: int | None) -> ResponseReturnValue:
    """Tell a page that saves itself why it was not saved.

    :param revision: from which it can go on when somebody else was faster; none when it cannot
    """
    is_conflict = isinstance(error, Conflict)
    answer = jsonify(message=error.message, fields=error.fields, revision=revision if is_conflict else None)
    return answer, 409 if is_conflict else 422


@contextmanager
def refusal_shown(form: FlaskForm) -> Iterator[None]:
    """Let the page be shown again with what a verb refused, beside the fields it is about.

    What follows the verb, its commit and its answer, stands inside; what follows the block
    is the page for whoever was refused.
    """
    try:
        yield
    except MailerError as error:
        db.session.rollback()
        show_on(form, error)


def show_on(form: FlaskForm, error: MailerError) -> None:
    """Put what a verb refused beside the fields it is about, or above the form."""
    unplaced = not error.fields
    for name, problem in error.fields.items():
        field: Any = form._fields.get(name)
        if field is None:
            unplaced = True
        else:
            field.errors = [*field.errors, problem]
    if unplaced:
        form.form_errors = [*form.form_errors, error.message]


def file_answer(lines: Iterator[str], name: str, ending: str) -> Response:
    """Return lines as a file to be kept, streamed, with today's date in its name."""
    return Response(
        stream_with_context(lines),
        mimetype=FILE_KINDS[ending],
        headers={"Content-Disposition": f'attachment; filename="{file_name(name, ending)}"'},
    )


def stored_file_answer(path: Path, name: str, ending: str) -> Response:
    """Return a file of ours to be kept by whoever asked and by nothing on the way."""
    response = send_file(
        path,
        mimetype=FILE_KINDS[ending],
        as_attachment=True,
        download_name=file_name(name, ending),
        conditional=False,
        etag=False,
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def file_name(name: str, ending: str) -> str:
    """Return what a file to be kept is called: with today's date in it."""
    return f"{name}-{utcnow():%Y-%m-%d}.{ending}"


def packed_answer(packed: bytes, name: str) -> Response:
    """Return a zip as a file to be kept, with today's date in its name."""
    headers = {"Content-Disposition": f'attachment; filename="{file_name(name, "zip")}"'}
    return Response(packed, mimetype="application/zip", headers=headers)
