"""What people type about an endpoint."""

from flask_wtf import FlaskForm
from wtforms import SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length, Optional


class EndpointForm(FlaskForm):
    """An address, and what it is told."""

    url = StringField("Address", [InputRequired("Where should events go?"), Length(max=2_000)])
    description = StringField("Description", [Optional(), Length(max=200)])
    events = SelectMultipleField("Events", validate_choice=False)
