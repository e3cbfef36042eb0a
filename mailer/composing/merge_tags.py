"""The merge tags that a workspace's mails can have, as pickers and completion offer them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from mailer.audience.models import Field, FieldType

_SAMPLES: Final = {
    FieldType.TEXT: "Rome",
    FieldType.NUMBER: "12.5",
    FieldType.DATE: "May 31, 2026",
    FieldType.BOOLEAN: "True",
    FieldType.URL: "https://bakery.example/rye",
}
_FILTERS: Final = {FieldType.NUMBER: " | number", FieldType.DATE: " | date", FieldType.CHOICES: " | join"}


@dataclass(frozen=True)
class MergeTag:
    """One that can be put in.

    :param path: its name alone, such as ``subscriber.fields.city``
    :param tag: as it is written, with the filter that suits its type
    :param type: ``text``, ``number``, ``date``, ``boolean``, ``choice``, ``list`` or ``url``
    """

    label: str
    path: str
    tag: str
    type: str
    sample: str


@dataclass(frozen=True)
class TagGroup:
    """Tags about one noun."""

    label: str
    tags: tuple[MergeTag, ...]


def tag_groups(fields: Iterable[Field]) -> list[TagGroup]:
    """Return what a mail can say about its reader and itself.

    :param fields: the workspace's
    """
    return [
        TagGroup(
            "The reader",
            (
                _tag("Name", "subscriber.name", "Sam", filters=" | default('there')"),
                _tag("Email address", "subscriber.email", "sam@example.com"),
                *map(_of_field, fields),
                _tag("Tags", "subscriber.tags", "regular, early bird", type="list"),
                _tag("Language", "subscriber.locale", "en"),
                _tag("Time zone", "subscriber.time_zone", "Europe/Rome"),
            ),
        ),
        TagGroup(
            "Their subscription",
            (
                _tag("List", "subscriber.list", "Weekly news"),
                _tag("All their lists", "subscriber.lists", "Weekly news, Offers", type="list"),
                _tag("Since", "subscriber.subscribed_at", "January 15, 2026", type="date", filters=" | date"),
            ),
        ),
        TagGroup(
            "Links",
            (
                _tag("Link to unsubscribe", "unsubscribe_url", "https://…", type="url"),
                _tag("Link to preferences", "preferences_url", "https://…", type="url"),
                _tag("Link to view in browser", "view_url", "https://…", type="url"),
            ),
        ),
        TagGroup(
            "This mail",
            (
                _tag("Campaign’s name", "campaign.name", "Sunday loaf"),
                _tag("Workspace’s name", "workspace.name", "Ana’s Bakery"),
                _tag("Postal address", "workspace.postal_address", "1 Mill Lane, Bath"),
            ),
        ),
    ]


def _of_field(field: Field) -> MergeTag:
    filters = _FILTERS.get(field.type, " | default('')" if field.type is not FieldType.BOOLEAN else "")
    if field.type is FieldType.CHOICES:
        type_, sample = "list", ", ".join(field.choices[:2])
    else:
        type_, sample = field.type.value, field.choices[0] if field.choices else _SAMPLES.get(field.type, "")
    return _tag(field.label, f"subscriber.fields.{field.key}", sample, type=type_, filters=filters)


def _tag(label: str, path: str, sample: str, *, type: str = "text", filters: str = "") -> MergeTag:
    return MergeTag(label, path, f"{{{{ {path}{filters} }}}}", type, sample)
