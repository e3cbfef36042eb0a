"""What staff type about what comes back."""

from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, PasswordField, RadioField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp

from mailer.bounces.models import Encryption, Protocol, Provider, ReturnMailbox

_required = InputRequired("This is needed.")

PROVIDER_NAMES = {
    Provider.SES: "Amazon SES",
    Provider.SENDGRID: "SendGrid",
    Provider.MAILGUN: "Mailgun",
    Provider.POSTMARK: "Postmark",
    Provider.SPARKPOST: "SparkPost",
    Provider.BREVO: "Brevo",
    Provider.MAILJET: "Mailjet",
    Provider.RESEND: "Resend",
    Provider.GENERIC: "Another (Standard Webhooks)",
}


class RulesForm(FlaskForm):
    """When soft bounces are enough."""

    soft_limit = IntegerField("Soft bounces", [_required, NumberRange(1, 20, "Between 1 and 20.")])
    within_days = IntegerField("Within days", [_required, NumberRange(1, 365, "Between 1 and 365.")])


class MailboxForm(FlaskForm):
    """A mailbox that is read."""

    protocol = RadioField(
        "Protocol",
        choices=[(Protocol.IMAP.value, "IMAP"), (Protocol.POP3.value, "POP3")],
        default=Protocol.IMAP.value,
    )
    encryption = RadioField(
        "Encryption",
        choices=[
            (Encryption.TLS.value, "TLS from the start"),
            (Encryption.STARTTLS.value, "STARTTLS"),
            (Encryption.OFF.value, "None"),
        ],
        default=Encryption.TLS.value,
    )
    host = StringField(
        "Server",
        [_required, Length(max=255), Regexp(r"^[A-Za-z0-9._:-]+$", message="Write the server’s name alone.")],
    )
    port = IntegerField(
        "Port", [_required, NumberRange(1, 65535, "A port is between 1 and 65535.")], default=993
    )
    user = StringField("User", [_required, Length(max=255)])
    password = PasswordField("Password", [Optional(), Length(max=1000)])
    folder = StringField(
        "Folder",
        [_required, Length(max=120), Regexp(r"^[^\r\n\0]+$", message="A folder’s name is one line.")],
        default="INBOX",
    )
    is_emptied = BooleanField("Remove what was read")
    is_enabled = BooleanField("Read it every minute", default=True)

    def fill(self, mailbox: ReturnMailbox) -> ReturnMailbox:
        """Take over what was typed, but for the password."""
        mailbox.protocol = Protocol(self.protocol.data)
        mailbox.encryption = Encryption(self.encryption.data)
        mailbox.host, mailbox.port = self.host.data or "", self.port.data or 0
        mailbox.user, mailbox.folder = self.user.data or "", self.folder.data or "INBOX"
        mailbox.is_emptied, mailbox.is_enabled = bool(self.is_emptied.data), bool(self.is_enabled.data)
        return mailbox


class HookForm(FlaskForm):
    """A provider that calls."""

    provider = SelectField("Provider", choices=[(each.value, name) for each, name in PROVIDER_NAMES.items()])
    secret = StringField("Secret", [Optional(), Length(max=1000)])


class ReturnPathForm(FlaskForm):
    """Where the bounces of a sending domain come back to."""

    return_path = StringField("Return domain", [Optional(), Length(max=253)])
