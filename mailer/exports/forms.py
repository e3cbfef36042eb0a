"""What people have written into files."""

from typing import Final

from flask_wtf import FlaskForm
from wtforms import RadioField, SelectField

from mailer.exports.models import ExportFormat, ExportKind

#: What a file can be, by the value of the form.
CONTENTS: Final = {
    "people": (ExportKind.SUBSCRIBERS, ExportFormat.CSV),
    "histories": (ExportKind.SUBSCRIBERS, ExportFormat.JSONL),
    "suppressions": (ExportKind.SUPPRESSIONS, ExportFormat.CSV),
}


class NewExportForm(FlaskForm):
    """A file to be written."""

    contents = RadioField(
        "What is in it?",
        choices=[
            ("people", "Subscribers"),
            ("histories", "Subscribers with their history"),
            ("suppressions", "Suppressed addresses"),
        ],
        default="people",
    )
    #: ``list:lst_…`` or ``segment:seg_…``; empty for everybody.
    whom = SelectField("Which subscribers?", default="")
