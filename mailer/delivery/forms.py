"""What people type about how their mail leaves."""

import re
from typing import Any

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    Field,
    FloatField,
    IntegerField,
    PasswordField,
    RadioField,
    StringField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp, ValidationError
from wtforms.widgets import TextInput

from mailer.delivery.models import GIVE_UP_AFTER_HOURS, Tls, Transport
from mailer.errors import Invalid
from mailer.lib.addresses import clean_domain

_required = InputRequired("This is needed.")

TLS_CHOICES = [
    (Tls.REQUIRED.value, "Required"),
    (Tls.VERIFY.value, "Required, certificate checked"),
    (Tls.OPPORTUNISTIC.value, "When offered"),
    (Tls.OFF.value, "Never"),
]


class DomainsField(Field):
    """Domains separated by commas or white space, as A-labels."""

    widget = TextInput()

    def _value(self) -> str:
        return self.raw_data[0] if self.raw_data else ", ".join(self.data or ())

    def process_formdata(self, valuelist: Any) -> None:
        """Read what was typed."""
        domains: list[str] = []
        self.data = domains
        for text in re.split(r"[,;\s]+", valuelist[0] if valuelist else ""):
            if not text:
                continue
            try:
                domain = clean_domain(text.removeprefix("@"))
            except Invalid as error:
                raise ValueError(error.message) from error
            if domain not in domains:
                domains.append(domain)


class TransportForm(FlaskForm):
    """An SMTP server."""

    name = StringField("Name", [Optional(), Length(max=120)])
    host = StringField(
        "Server",
        [_required, Length(max=255), Regexp(r"^[A-Za-z0-9._:-]+$", message="Write the server’s name alone.")],
    )
    port = IntegerField("Port", [_required, NumberRange(1, 65535, "A port is between 1 and 65535.")])
    tls = RadioField("Encryption", choices=TLS_CHOICES, default=Tls.REQUIRED.value)
    user = StringField("User", [Optional(), Length(max=255)])
    password = PasswordField("Password", [Optional(), Length(max=1000)])
    weight = IntegerField(
        "Weight",
        [InputRequired("0 is a weight too."), NumberRange(0, 100, "Between 0 and 100.")],
        default=100,
    )
    from_domains = DomainsField("Only for mail from", [Optional()])
    connections = IntegerField(
        "Connections", [_required, NumberRange(1, 200, "Between 1 and 200.")], default=8
    )
    messages_per_connection = IntegerField(
        "Messages per connection",
        [_required, NumberRange(1, 100_000, "Between 1 and 100,000.")],
        default=1_000,
    )
    per_second = FloatField(
        "Messages a second", [Optional(), NumberRange(0.01, 100_000, "Between 0.01 and 100,000.")]
    )

    def fill(self, transport: Transport) -> Transport:
        """Write what was typed, but for the password, into a transport and return it."""
        transport.name, transport.host = (self.name.data or "").strip(), self.host.data or ""
        transport.port, transport.tls = self.port.data or 0, Tls(self.tls.data)
        transport.user = self.user.data or ""
        transport.weight = self.weight.data or 0
        transport.from_domains = list(self.from_domains.data or ())
        transport.connections = self.connections.data or 1
        transport.messages_per_connection = self.messages_per_connection.data or 1
        transport.per_second = self.per_second.data
        return transport


class LimitsForm(FlaskForm):
    """How much leaves in an hour and a day, the warm-up, and how long what is put off is tried."""

    per_hour = IntegerField("Messages an hour", [Optional(), NumberRange(1, message="1 or more.")])
    per_day = IntegerField("Messages a day", [Optional(), NumberRange(1, message="1 or more.")])
    is_warming_up = BooleanField("Warm up")
    warm_up_starts_on = DateField("First day", [Optional()])
    warm_up_first = IntegerField(
        "Messages on the first day", [_required, NumberRange(1, message="1 or more.")], default=50
    )
    warm_up_factor = FloatField(
        "Each day times", [_required, NumberRange(1.05, 10, "Between 1.05 and 10.")], default=1.5
    )
    warm_up_target = IntegerField(
        "Until so many a day", [_required, NumberRange(1, 100_000_000, "1 or more.")], default=10_000
    )

    give_up_after_hours = IntegerField(
        "Hours", [Optional(), NumberRange(1, 720, "Between 1 and 720.")], default=GIVE_UP_AFTER_HOURS
    )

    def validate_warm_up_target(self, field: Any) -> None:
        """Let a schedule only grow."""
        if field.data is not None and self.warm_up_first.data and field.data < self.warm_up_first.data:
            raise ValidationError("As many as on the first day, or more.")


class DomainLimitForm(FlaskForm):
    """The most that some mailbox domains get."""

    domains = DomainsField("Mailbox domains", [InputRequired("Which domains?")])
    per_second = FloatField(
        "Messages a second", [Optional(), NumberRange(0.01, 100_000, "Between 0.01 and 100,000.")]
    )
    concurrent = IntegerField("At the same time", [Optional(), NumberRange(1, 10_000, "1 or more.")])

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for one of the two limits."""
        is_valid = super().validate(extra_validators)
        if is_valid and self.concurrent.data is None and self.per_second.data is None:
            self.per_second.errors = ["Limit the pace or the connections."]
            return False
        return bool(is_valid)


class SenderForm(FlaskForm):
    """A From identity."""

    name = StringField("Name", [Length(max=120)])
    email = StringField("Address", [_required, Length(max=320)])
    reply_to = StringField("Replies go to", [Optional(), Length(max=320)])


class TrackingHostForm(FlaskForm):
    """The host that links are of."""

    tracking_host = StringField("Host of the links", [Optional(), Length(max=253)])


class DomainForm(FlaskForm):
    """A domain to send from."""

    domain = StringField("Domain", [_required, Length(max=320)])
