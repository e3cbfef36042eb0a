"""What the visual composer's page is given to work with."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from json import dumps
from typing import Any, Final

from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

from mailer.audience.models import Field
from mailer.composing.merge_tags import TagGroup, tag_groups
from mailer.rendering.blocks.document import Document
from mailer.rendering.blocks.palette import LAYOUTS, PALETTE, Offer, new_block
from mailer.rendering.blocks.read import written
from mailer.rendering.blocks.values import ROLES
from mailer.rendering.brand import Brand

#: Types of merge tags that a condition compares with a word, or asks whether they are known.
_COMPARED: Final = frozenset({"text", "choice", "boolean", "date", "url"})
#: Tags that show nothing themselves.
_STATEMENTS: Final = {
    "label": "What decides and repeats",
    "tags": [
        {"label": "If … else …", "tag": "{% if subscriber.name %}…{% else %}…{% endif %}"},
        {"label": "For each of their tags", "tag": "{% for tag in subscriber.tags %}{{ tag }} {% endfor %}"},
    ],
}


@dataclass(frozen=True)
class Desk:
    """What the composer's page is made of.

    :param json: everything that its script works with
    """

    json: Markup
    palette: tuple[Offer, ...]
    layouts: Mapping[str, tuple[str, tuple[int, ...]]]
    canvas_url: str


def desk(
    document: Document,
    brand: Brand,
    fields: Sequence[Field],
    *,
    canvas_url: str,
    saved_url: str,
    csrf_token: str,
) -> Desk:
    """Return a design and everything that it can be changed with.

    :param fields: the workspace's custom fields, for merge tags and conditions
    :param canvas_url: where a document becomes a picture
    :param saved_url: where the saved blocks are
    """
    groups = tag_groups(fields)
    given = {
        "document": written(document),
        "schema": _schema(),
        "palette": [{"type": offer.type, "label": offer.label} for offer in PALETTE],
        "blocks": {offer.type: new_block(offer.type).model_dump(mode="json") for offer in PALETTE},
        "layouts": LAYOUTS,
        "colors": {role: brand.day(role) for role in ROLES},
        "values": _values(groups),
        "tags": [*map(asdict, groups), _STATEMENTS],
        "canvas_url": canvas_url,
        "saved_url": saved_url,
        "csrf_token": csrf_token,
    }
    # In the order of the schema, which is the order of the fields on screen; Jinja's filter would sort.
    return Desk(htmlsafe_json_dumps(given, dumps=dumps), PALETTE, LAYOUTS, canvas_url)


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
