"""What the visual composer's page is given to work with."""

from collections.abc import Sequence
from dataclasses import asdict
from functools import lru_cache
from typing import Any, Final

from mailer.audience.models import Field
from mailer.composing.merge_tags import TagGroup, tag_groups
from mailer.rendering.blocks.document import Document
from mailer.rendering.blocks.palette import LAYOUTS, PALETTE, new_block
from mailer.rendering.blocks.read import written
from mailer.rendering.blocks.values import ROLES
from mailer.rendering.brand import Brand

#: Types of merge tags that a condition compares with a word, or asks whether they are known.
_COMPARED: Final = frozenset({"text", "choice", "boolean", "date"})
#: Tags that show nothing themselves.
_STATEMENTS: Final = {
    "label": "What decides and repeats",
    "tags": [
        {"label": "If … else …", "tag": "{% if subscriber.name %}…{% else %}…{% endif %}"},
        {"label": "For each of their tags", "tag": "{% for tag in subscriber.tags %}{{ tag }} {% endfor %}"},
    ],
}


def desk(document: Document, brand: Brand, fields: Sequence[Field]) -> dict[str, Any]:
    """Return a design and everything that it can be changed with, as JSON holds it.

    :param fields: the workspace's custom fields, for merge tags and conditions
    """
    groups = tag_groups(fields)
    return {
        "document": written(document),
        "schema": _schema(),
        "palette": [{"type": offer.type, "label": offer.label} for offer in PALETTE],
        "blocks": {offer.type: new_block(offer.type).model_dump(mode="json") for offer in PALETTE},
        "layouts": LAYOUTS,
        "colors": {role: brand.day(role) for role in ROLES},
        "values": _values(groups),
        "tags": [*map(asdict, groups), _STATEMENTS],
    }


@lru_cache(maxsize=1)
def _schema() -> dict[str, Any]:
    return Document.model_json_schema()


def _values(groups: Sequence[TagGroup]) -> list[dict[str, str]]:
    """Return what a condition can ask of a reader, such as whether a field is known."""
    return [
        {"name": tag.path, "label": tag.label}
        for group in groups
        for tag in group.tags
        if tag.path.startswith("subscriber.") and tag.type in _COMPARED
    ]
