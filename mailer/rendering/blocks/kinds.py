"""The blocks: what each one says and how it may look.

A colour or a size left out follows the design's settings, and those follow the brand.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Final, Literal

from pydantic import Field

from mailer.rendering.blocks.values import (
    Align,
    Code,
    Color,
    Condition,
    Href,
    Line,
    Lines,
    Part,
    Pixels,
    Rich,
    Source,
    Src,
    new_id,
)

Level = Literal[1, 2, 3, 4]
ButtonSize = Literal["small", "medium", "large"]
Network = Literal[
    "website",
    "email",
    "bluesky",
    "discord",
    "facebook",
    "github",
    "instagram",
    "linkedin",
    "mastodon",
    "pinterest",
    "podcast",
    "telegram",
    "threads",
    "tiktok",
    "whatsapp",
    "x",
    "youtube",
]

#: By the key in a document: what people call it.
NETWORK_NAMES: Final[Mapping[Network, str]] = {
    "website": "Website",
    "email": "Email",
    "bluesky": "Bluesky",
    "discord": "Discord",
    "facebook": "Facebook",
    "github": "GitHub",
    "instagram": "Instagram",
    "linkedin": "LinkedIn",
    "mastodon": "Mastodon",
    "pinterest": "Pinterest",
    "podcast": "Podcast",
    "telegram": "Telegram",
    "threads": "Threads",
    "tiktok": "TikTok",
    "whatsapp": "WhatsApp",
    "x": "X",
    "youtube": "YouTube",
}


class Padding(Part):
    """Room around a block, in pixels."""

    top: Pixels = 8
    right: Pixels = 0
    bottom: Pixels = 8
    left: Pixels = 0


class _Block(Part):
    id: str = Field(default_factory=lambda: new_id("blk"), pattern=r"^blk_[0-9a-z]{4,32}$")
    visible_if: Condition = ""
    """A condition of the merge language without braces; empty shows it to everybody."""
    padding: Padding = Padding()
    background: Color | None = None
    hide_on: Literal["mobile", "desktop"] | None = None


class Text(_Block):
    """Paragraphs, lists and links, written in place."""

    type: Literal["text"] = "text"
    html: Rich = ""
    align: Align = "left"
    color: Color | None = None
    size: int | None = Field(None, ge=10, le=48)
    """In pixels."""


class Heading(_Block):
    """A headline; its level is the outline's, for screen readers."""

    type: Literal["heading"] = "heading"
    text: Line = ""
    level: Level = 2
    align: Align = "left"
    color: Color | None = None
    size: int | None = Field(None, ge=12, le=72)


class Image(_Block):
    """A picture, with words for those who do not see it."""

    type: Literal["image"] = "image"
    src: Src = ""
    alt: Line = ""
    is_decorative: bool = False
    """It says nothing: no alternative text is wanted."""
    href: Href = ""
    width: int | None = Field(None, ge=16, le=1_400)
    """In pixels; left out, it is as wide as its column."""
    align: Align = "center"
    radius: Pixels = 0
    caption: Line = ""


class Button(_Block):
    """A link that is meant to be followed."""

    type: Literal["button"] = "button"
    label: Line = ""
    href: Href = ""
    align: Align = "left"
    background_color: Color | None = None
    color: Color | None = None
    radius: Pixels | None = None
    size: ButtonSize = "medium"
    is_full_width: bool = False
    is_outlined: bool = False


class Divider(_Block):
    """A line between two thoughts."""

    type: Literal["divider"] = "divider"
    color: Color | None = None
    thickness: int = Field(1, ge=1, le=12)
    width: int = Field(100, ge=5, le=100)
    """Per cent of the column."""
    line: Literal["solid", "dashed", "dotted"] = "solid"
    align: Align = "center"


class Spacer(_Block):
    """Room."""

    type: Literal["spacer"] = "spacer"
    height: int = Field(24, ge=1, le=200)


class SocialLink(Part):
    """Where one is found elsewhere."""

    network: Network = "website"
    href: Href = ""
    label: Line = ""
    """Left out, the network's own name."""


class Social(_Block):
    """Links to where one is found elsewhere: words, which need no pictures to be loaded."""

    type: Literal["social"] = "social"
    links: tuple[SocialLink, ...] = Field((), max_length=12)
    look: Literal["words", "pills"] = "pills"
    align: Align = "center"
    color: Color | None = None


class Video(_Block):
    """A picture that leads to a film; mail programs play none themselves."""

    type: Literal["video"] = "video"
    href: Href = ""
    poster: Src = ""
    alt: Line = ""
    label: Line = "Watch the video"
    radius: Pixels = 8


class Html(_Block):
    """HTML as it was written."""

    type: Literal["html"] = "html"
    code: Code = ""


class Quote(_Block):
    """Somebody else's words."""

    type: Literal["quote"] = "quote"
    html: Rich = ""
    author: Line = ""
    role: Line = ""
    color: Color | None = None
    """Of the line beside it."""


class Item(Part):
    """One entry of a list."""

    title: Line = ""
    text: Lines = ""
    href: Href = ""
    image: Src = ""
    alt: Line = ""


class Items(_Block):
    """Articles, events, offers: entries that look alike."""

    type: Literal["items"] = "items"
    items: tuple[Item, ...] = Field((), max_length=30)
    source: Source = ""
    """Where the entries come from instead: a list of values, such as ``subscriber.fields.articles``,
    each with ``title``, ``text``, ``href``, ``image`` and ``alt``."""
    most: int = Field(5, ge=1, le=30)
    """As many are taken from the source."""
    look: Literal["beside", "above", "plain"] = "beside"
    """Where the picture stands."""
    label: Line = "Read more"
    """Of the link under each; empty for none."""

    def loop_tags(self) -> tuple[str, str]:
        """Return the tags around what is written for each entry of a source."""
        before = f"{{% for item in {self.source} %}}{{% if loop.index <= {self.most} %}}"
        return before, "{% endif %}{% endfor %}"


class Coupon(_Block):
    """A code to be typed in somewhere."""

    type: Literal["coupon"] = "coupon"
    title: Line = ""
    code: Line = ""
    text: Lines = ""
    expires_on: date | None = None
    expires_label: Line = "Valid until"
    label: Line = ""
    href: Href = ""
    background_color: Color | None = None


class Date(_Block):
    """A day in the calendar and what happens on it."""

    type: Literal["date"] = "date"
    on: date | None = None
    time: Line = ""
    title: Line = ""
    place: Line = ""
    label: Line = ""
    href: Href = ""


class Product(_Block):
    """One thing to buy."""

    type: Literal["product"] = "product"
    image: Src = ""
    alt: Line = ""
    name: Line = ""
    text: Lines = ""
    price: Line = ""
    old_price: Line = ""
    label: Line = "Buy now"
    href: Href = ""
    look: Literal["beside", "above"] = "beside"


class Logo(_Block):
    """The brand's logo, or the workspace's name where it has none."""

    type: Literal["logo"] = "logo"
    src: Src = ""
    """Left out, the brand kit's."""
    alt: Line = ""
    href: Href = ""
    width: int = Field(120, ge=16, le=600)
    align: Align = "left"


class Content(_Block):
    """Where the words of a campaign go that is written in Markdown or HTML."""

    type: Literal["content"] = "content"


class Footer(_Block):
    """Who writes, from where, and how to leave. A campaign always has one."""

    type: Literal["footer"] = "footer"
    html: Rich = ""
    """What else there is to say, such as why the reader gets this."""
    has_preferences: bool = True
    has_view_in_browser: bool = True
    unsubscribe_label: Line = "Unsubscribe"
    preferences_label: Line = "Preferences"
    view_label: Line = "View in browser"
    align: Align = "center"
    color: Color | None = None
    size: int = Field(13, ge=11, le=18)


Block = Annotated[
    Text
    | Heading
    | Image
    | Button
    | Divider
    | Spacer
    | Social
    | Video
    | Html
    | Quote
    | Items
    | Coupon
    | Date
    | Product
    | Logo
    | Content
    | Footer,
    Field(discriminator="type"),
]
