"""Answers that many doors give."""

from collections.abc import Iterator
from typing import Any, Final

from flask import Response, stream_with_context
from flask_wtf import FlaskForm

from mailer.errors import MailerError
from mailer.lib.clock import utcnow

_KINDS: Final = {"csv": "text/csv", "jsonl": "application/x-ndjson", "json": "application/json"}


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
    file_name = f"{name}-{utcnow():%Y-%m-%d}.{ending}"
    return Response(
        stream_with_context(lines),
        mimetype=_KINDS[ending],
        headers={"Content-Disposition": f'attachment; filename="{file_name}"'},
    )
