"""What people type about themselves, their workspace and who works there."""

from collections.abc import Sequence
from zoneinfo import available_timezones

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    EmailField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Length, NumberRange, Optional, Regexp

from mailer.accounts.roles import Role
from mailer.accounts.scopes import KINDS, SCOPES
from mailer.accounts.security import SHORTEST_PASSWORD

#: Names such as ``Etc/GMT+1`` and ``EST5EDT`` only confuse.
ZONES = sorted(
    zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/"))
)
LOCALES = [
    ("en", "English (12,480.5)"),
    ("en-GB", "English, United Kingdom"),
    ("de", "Deutsch (12.480,5)"),
    ("de-AT", "Deutsch, Österreich"),
    ("de-CH", "Deutsch, Schweiz (12’480.5)"),
    ("fr", "Français (12 480,5)"),
    ("es", "Español"),
    ("it", "Italiano"),
    ("nl", "Nederlands"),
    ("pl", "Polski"),
    ("pt", "Português"),
    ("sv", "Svenska"),
]

_required = DataRequired("This is needed.")
_new_password = [
    _required,
    Length(min=SHORTEST_PASSWORD, message=f"Use {SHORTEST_PASSWORD} characters or more."),
]


class WorkspaceForm(FlaskForm):
    """A new workspace."""

    workspace = StringField("Name of the workspace", [_required, Length(max=120)])
    time_zone = SelectField("Time zone", choices=[(zone, zone) for zone in ("UTC", *ZONES)], default="UTC")


class FirstRunForm(WorkspaceForm):
    """The first owner and the first workspace, and whether to look around in a demo world first."""

    name = StringField("Your name", [Length(max=120)])
    email = EmailField("Your email address", [_required, Length(max=320)])
    password = PasswordField("Password", _new_password)
    demo = BooleanField("Show me a demo world first")


class JoinForm(FlaskForm):
    """Someone new who was invited; the address is the invitation's."""

    name = StringField("Your name", [_required, Length(max=120)])
    password = PasswordField("Password", _new_password)


class ProfileForm(FlaskForm):
    """What others see of someone."""

    name = StringField("Name", [_required, Length(max=120)])


class SettingsForm(FlaskForm):
    """A workspace's name, zone, address and look."""

    name = StringField("Name", [_required, Length(max=120)])
    time_zone = SelectField("Time zone", choices=[(zone, zone) for zone in ("UTC", *ZONES)])
    locale = SelectField("Language of dates and figures", choices=LOCALES)
    postal_address = TextAreaField("Postal address", [Optional(), Length(max=300)])
    accent_color = StringField(
        "Accent", [_required, Regexp(r"^#[0-9a-fA-F]{6}\Z", message="Choose a colour such as #b4532a.")]
    )


class InviteForm(FlaskForm):
    """Whom to invite, as what."""

    email = EmailField("Email address", [_required, Length(max=320)])
    role = RadioField(
        "Role", choices=[(role.value, role.value.capitalize()) for role in Role], default=Role.EDITOR
    )


class RoleForm(FlaskForm):
    """Another role for a member."""

    role = SelectField("Role", choices=[(role.value, role.value.capitalize()) for role in Role])


class KeyForm(FlaskForm):
    """A new API key."""

    name = StringField("Name", [_required, Length(max=120)])
    kind = RadioField(
        "What it may do",
        choices=[
            ("all", "Everything"),
            ("sending", "Sending"),
            ("read", "Reading"),
            ("chosen", "What you choose"),
        ],
        default="all",
    )
    scopes = SelectMultipleField("Scopes", choices=[(scope, scope) for scope in SCOPES])
    calls_per_minute = IntegerField("Calls in a minute", [Optional(), NumberRange(1, 1_000_000)])
    days = SelectField(
        "Works for",
        choices=[("", "As long as you do not revoke it"), (30, "30 days"), (90, "90 days"), (365, "a year")],
        coerce=lambda given: int(given) if given else None,
        default="",
    )

    def chosen_scopes(self) -> Sequence[str]:
        """Return the scopes that were asked for, by one name or one by one."""
        return KINDS.get(self.kind.data) or self.scopes.data or ()
