"""What marketers type about a template."""

from flask_wtf import FlaskForm
from wtforms import StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from mailer.rendering.language import LONGEST_SOURCE


class TemplateForm(FlaskForm):
    """A template's name and HTML."""

    name = StringField("Name", [DataRequired("Give it a name."), Length(max=120)])
    html = TextAreaField(
        "HTML",
        [DataRequired("Write the document."), Length(max=LONGEST_SOURCE)],
        description="A whole document. {{ content }} stands where a campaign’s words go.",
    )
