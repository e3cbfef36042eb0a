"""Answers that many doors give."""

from typing import Any

from flask_wtf import FlaskForm

from mailer.errors import MailerError


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
