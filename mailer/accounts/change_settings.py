"""A workspace's settings, changed by a program as a person changes them on the page."""

import re
from collections.abc import Mapping
from typing import Any, Final
from zoneinfo import available_timezones

from babel import Locale, UnknownLocaleError

from mailer.accounts.models import Workspace
from mailer.db import db
from mailer.errors import Invalid

_COLOR: Final = re.compile(r"#[0-9a-fA-F]{6}")


def change_settings(workspace: Workspace, changes: Mapping[str, Any]) -> None:
    """Change some of a workspace's settings.

    :param changes: name, time_zone, locale, postal_address, accent_color; those left out stay
    :raises Invalid: with what is wrong by field
    """
    wrong: dict[str, str] = {}
    if not changes.get("name", workspace.name).strip():
        wrong["name"] = "Give the workspace a name."
    if changes.get("time_zone", "UTC") not in available_timezones():
        wrong["time_zone"] = "There is no such time zone; write it like Europe/Lisbon."
    if not _is_locale(changes.get("locale", workspace.locale)):
        wrong["locale"] = "That is not a language we know; write it like de or pt-BR."
    if not _COLOR.fullmatch(changes.get("accent_color", workspace.accent_color)):
        wrong["accent_color"] = "Write a colour such as #b4532a."
    if wrong:
        raise Invalid(next(iter(wrong.values())), fields=wrong)
    for name, value in changes.items():
        setattr(workspace, name, value)
    db.session.flush()


def _is_locale(tag: str) -> bool:
    try:
        Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError, TypeError):
        return False
    return True
