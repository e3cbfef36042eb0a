"""Who reads a preview when nobody was chosen."""

from collections.abc import Mapping
from typing import Any, Final

from mailer.lib.colors import text_on

SAMPLE_READER: Final[Mapping[str, Any]] = {
    "name": "Sam Reader",
    "email": "sam@example.com",
    "locale": "en",
    "time_zone": "UTC",
    "fields": {},
    "tags": ["regular", "early bird"],
    "lists": ["Weekly news"],
    "list": "Weekly news",
    "subscribed_at": "2026-01-15T09:00:00+00:00",
}

_SAMPLE_WORKSPACE: Final[Mapping[str, Any]] = {
    "name": "Example workspace",
    "postal_address": "1 Example Street, 10115 Berlin",
    "accent_color": "#3b5bdb",
}


def sample_values(given: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the merge values of one reader, where there is no database to ask.

    :param given: what is known, under the names of the vocabulary; the rest is the sample's
    """
    given = given or {}
    workspace = {**_SAMPLE_WORKSPACE, **_mapping(given, "workspace")}
    values = {
        "unsubscribe_url": "https://example.com/unsubscribe",
        "preferences_url": "https://example.com/preferences",
        "view_url": "https://example.com/view",
        **{name: value for name, value in given.items() if name != "subscriber"},
        "campaign": {"name": "A campaign", **_mapping(given, "campaign")},
        "workspace": {"on_accent_color": text_on(str(workspace["accent_color"])), **workspace},
    }
    return {**values, "subscriber": {**SAMPLE_READER, **_mapping(given, "subscriber")}}


def _mapping(given: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = given.get(name)
    return dict(value) if isinstance(value, Mapping) else {}
