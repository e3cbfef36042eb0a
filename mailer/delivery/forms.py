"""What people type about how their mail leaves."""

from flask_wtf import FlaskForm
from wtforms import IntegerField, PasswordField, RadioField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp

from mailer.delivery.models import Tls

_required = InputRequired("This is needed.")

TLS_CHOICES = [
    (Tls.REQUIRED.value, "Required"),
    (Tls.VERIFY.value, "Required, certificate checked"),
    (Tls.OPPORTUNISTIC.value, "When offered"),
    (Tls.OFF.value, "Never"),
]


class TransportForm(FlaskForm):
    """An SMTP server."""

    host = StringField(
        "Server",
        [_required, Length(max=255), Regexp(r"^[A-Za-z0-9._:-]+$", message="Write the server’s name alone.")],
    )
    port = IntegerField("Port", [_required, NumberRange(1, 65535, "A port is between 1 and 65535.")])
    tls = RadioField("Encryption", choices=TLS_CHOICES, default=Tls.REQUIRED.value)
    user = StringField("User", [Optional(), Length(max=255)])
    password = PasswordField("Password", [Optional(), Length(max=1000)])


class SenderForm(FlaskForm):
    """A From identity."""

    name = StringField("Name", [Length(max=120)])
    email = StringField("Address", [_required, Length(max=320)])
    reply_to = StringField("Replies go to", [Optional(), Length(max=320)])


class DomainForm(FlaskForm):
    """A domain to send from."""

    domain = StringField("Domain", [_required, Length(max=320)])
