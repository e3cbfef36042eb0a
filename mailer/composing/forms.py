"""What marketers type about a template."""

import json

from flask_wtf import FlaskForm
from wtforms import HiddenField, IntegerField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length
from wtforms.widgets import HiddenInput

from mailer.composing.models import Template
from mailer.rendering.language import LONGEST_SOURCE


class TemplateForm(FlaskForm):
    """A template's name, and its document or HTML."""

    revision = IntegerField(widget=HiddenInput())
    name = StringField("Name", [DataRequired("Give it a name."), Length(max=120)])
    design = HiddenField()
    html = TextAreaField(
        "HTML",
        [Length(max=LONGEST_SOURCE)],
        description="A whole document. {{ content }} stands where a campaign’s words go.",
    )

    @classmethod
    def showing(cls, template: Template) -> "TemplateForm":
        """Return the form as a template fills it in."""
        form = cls(formdata=None, obj=template)
        form.design.data = json.dumps(template.design) if template.design else ""
        return form
