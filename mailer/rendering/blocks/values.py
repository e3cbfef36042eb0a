"""The kinds of values that blocks are made of, each with what it refuses."""

import re
import secrets
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from mailer.rendering.blocks.rich import clean

#: Colours by their part in the brand. They follow the brand kit and have a twin for dark mode.
ROLES: Final = ("accent", "on_accent", "heading", "text", "muted", "link", "line", "sheet", "page")

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_LINK_SCHEMES: Final = frozenset({"http", "https", "mailto", "tel", "sms"})
_IMAGE_SCHEMES: Final = frozenset({"http", "https", "cid"})


class Part(BaseModel):
    """A part of a design: it cannot be changed, and what it does not know is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


def new_id(kind: str) -> str:
    """Return an id such as ``blk_7k2m9q4x``: findings and the composer name blocks by it."""
    return f"{kind}_{''.join(secrets.choice(_ALPHABET) for _ in range(8))}"


def _one_line(text: str) -> str:
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise ValueError("write it on one line, without control characters")
    return text.strip()


def _many_lines(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(character for character in text if character in "\n\t" or ord(character) >= 32)


def _leads(schemes: frozenset[str], kinds: str, text: str) -> str:
    text = _one_line(text)
    scheme = _SCHEME.match(re.sub(r"\s", "", text))
    if scheme and scheme[1].lower() not in schemes:
        raise ValueError(f"an address here begins with {kinds}")
    return text


def _link(text: str) -> str:
    return _leads(_LINK_SCHEMES, "https:, mailto: or tel:", text)


def _image(text: str) -> str:
    return _leads(_IMAGE_SCHEMES, "https:", text)


def _condition(text: str) -> str:
    text = _one_line(text)
    if re.search(r"\{[{%#]|[}%#]\}", text):
        raise ValueError(
            "write only the condition, such as subscriber.fields.city == 'Berlin', without braces"
        )
    return text


#: ``#rrggbb`` or a role.
Color = Annotated[str, StringConstraints(pattern=rf"^(#[0-9a-fA-F]{{6}}|{'|'.join(ROLES)})$")]
#: A line of words, with merge tags.
Line = Annotated[str, StringConstraints(max_length=1_000), AfterValidator(_one_line)]
#: Words over several lines, with merge tags and without markup.
Lines = Annotated[str, StringConstraints(max_length=5_000), AfterValidator(_many_lines)]
#: HTML as the composer's text editor writes it; everything else is dropped.
Rich = Annotated[str, StringConstraints(max_length=100_000), AfterValidator(clean)]
#: HTML as it comes; scripts are dropped when it is rendered.
Code = Annotated[str, StringConstraints(max_length=200_000), AfterValidator(_many_lines)]
#: Where a link leads; may hold merge tags.
Href = Annotated[str, StringConstraints(max_length=2_000), AfterValidator(_link)]
#: Where an image is; may hold merge tags.
Src = Annotated[str, StringConstraints(max_length=2_000), AfterValidator(_image)]
#: A condition of the merge language; empty means always.
Condition = Annotated[str, StringConstraints(max_length=500), AfterValidator(_condition)]
Align = Literal["left", "center", "right"]
Pixels = Annotated[int, Field(ge=0, le=120)]
