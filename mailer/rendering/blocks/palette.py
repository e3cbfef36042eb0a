"""What there is to add to a design: each block as it begins, each row by its columns."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from mailer.errors import NotFound
from mailer.rendering.blocks import kinds


@dataclass(frozen=True)
class Offer:
    """An entry of the palette.

    :param icon: the name of a Tabler icon
    :param group: ``words``, ``pictures``, ``parts`` or ``structure``
    """

    type: str
    label: str
    icon: str
    group: str
    hint: str


PALETTE: Final = (
    Offer("text", "Text", "align-left", "words", "Paragraphs, lists and links"),
    Offer("heading", "Heading", "heading", "words", "A headline"),
    Offer("button", "Button", "click", "words", "A link to follow"),
    Offer("quote", "Quote", "quote", "words", "Somebody else’s words"),
    Offer("image", "Image", "photo", "pictures", "A picture"),
    Offer("logo", "Logo", "brand-abstract", "pictures", "Your brand’s logo or name"),
    Offer("video", "Video", "player-play", "pictures", "A picture that leads to a film"),
    Offer("product", "Product", "shopping-bag", "parts", "One thing to buy"),
    Offer("items", "List of items", "layout-list", "parts", "Articles, events, offers"),
    Offer("coupon", "Coupon", "ticket", "parts", "A code to use"),
    Offer("date", "Date", "calendar-event", "parts", "A day and what happens on it"),
    Offer("social", "Social links", "share", "parts", "Where you are found elsewhere"),
    Offer("divider", "Divider", "separator-horizontal", "structure", "A line"),
    Offer("spacer", "Spacer", "spacing-vertical", "structure", "Room"),
    Offer("html", "HTML", "code", "structure", "Your own code"),
    Offer("content", "Campaign’s words", "text-caption", "structure", "Where Markdown and HTML campaigns go"),
    Offer("footer", "Footer", "layout-bottombar", "structure", "Address and the way to leave"),
)

#: Rows by their columns' widths.
LAYOUTS: Final = {
    "1": ("One column", (100,)),
    "2": ("Two columns", (50, 50)),
    "3": ("Three columns", (33, 34, 33)),
    "4": ("Four columns", (25, 25, 25, 25)),
    "1-2": ("A third and two thirds", (33, 67)),
    "2-1": ("Two thirds and a third", (67, 33)),
}

_FIRST: Final[dict[str, dict[str, Any]]] = {
    "text": {"html": "<p>Write something.</p>"},
    "heading": {"text": "A headline"},
    "image": {},
    "button": {"label": "Read more"},
    "divider": {"padding": {"top": 16, "bottom": 16}},
    "spacer": {"padding": {"top": 0, "bottom": 0}},
    "social": {"links": [{"network": "website"}, {"network": "instagram"}, {"network": "linkedin"}]},
    "video": {},
    "html": {"code": "<p>Your HTML</p>"},
    "quote": {"html": "<p>What somebody said.</p>", "author": "Their name"},
    "items": {"items": [{"title": "First", "text": "What it is about."}, {"title": "Second"}]},
    "coupon": {"title": "A present for you", "code": "WELCOME10", "text": "10 % off your next order."},
    "date": {"title": "What happens", "time": "19:00", "place": "Where"},
    "product": {"name": "A product", "price": "€ 25"},
    "logo": {},
    "content": {},
    "footer": {"html": "<p>You get this because you signed up on our website.</p>"},
}

_KINDS: Final = {
    kind.model_fields["type"].default: kind
    for kind in (
        *(kinds.Text, kinds.Heading, kinds.Image, kinds.Button, kinds.Divider, kinds.Spacer, kinds.Social),
        *(kinds.Video, kinds.Html, kinds.Quote, kinds.Items, kinds.Coupon, kinds.Date, kinds.Product),
        *(kinds.Logo, kinds.Content, kinds.Footer),
    )
}


def new_block(type_: str, *, today: date | None = None) -> kinds.Block:
    """Return a block as it begins, with an id of its own.

    :param today: what a date block begins with
    :raises NotFound: there is no such type
    """
    if type_ not in _KINDS:
        raise NotFound(f"There is no block called “{type_:.40}”.")
    values = {**_FIRST[type_], "on": today} if type_ == "date" else _FIRST[type_]
    block: kinds.Block = _KINDS[type_].model_validate(values)
    return block
