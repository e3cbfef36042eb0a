"""The kinds of values that blocks are made of, each with what it refuses.

Two kinds of mistakes are kept apart. What no author can type, such as a colour that is none,
is refused when a document is read. What an author has typed so far, such as half an address,
is kept with the draft: it carries a rule, and ``check`` says what is wrong before it is sent.
"""

import re
import secrets
from dataclasses import dataclass
from typing import Annotated, Final, Literal, Protocol, runtime_checkable

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from mailer.rendering.blocks.rich import clean
from mailer.rendering.language import BadTag, check

#: Colours by their part in the brand. They follow the brand kit and have a twin for dark mode.
ROLES: Final = ("accent", "on_accent", "heading", "text", "muted", "link", "line", "sheet", "page")

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f]+")
_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_PATH: Final = re.compile(r"[a-z_]+(\.[a-z_][a-z0-9_]*)*")
_TAG: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_LINK_SCHEMES: Final = frozenset({"http", "https", "mailto", "tel", "sms"})
_IMAGE_SCHEMES: Final = frozenset({"http", "https", "cid"})


class Part(BaseModel):
    """A part of a design: it cannot be changed, and what it does not know is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


def new_id(kind: str) -> str:
    """Return an id such as ``blk_7k2m9q4x``: findings and the composer name blocks by it."""
    return f"{kind}_{''.join(secrets.choice(_ALPHABET) for _ in range(8))}"


@runtime_checkable
class Rule(Protocol):
    """What a text has to be before it is sent; it stands beside the text's type."""

    def problem(self, text: str) -> str:
        """Return what is wrong with a text, in a sentence; empty when nothing is."""
        ...


@dataclass(frozen=True)
class _LeadsTo:
    """An address begins with one of some schemes, or with none yet."""

    schemes: frozenset[str]
    words: str

    def problem(self, text: str) -> str:
        scheme = _SCHEME.match(re.sub(r"\s", "", text))
        if scheme is None or scheme[1].lower() in self.schemes:
            return ""
        return f"An address here begins with {self.words}."


@dataclass(frozen=True)
class _Decides:
    """A condition is an expression of the merge language, without its braces."""

    def problem(self, text: str) -> str:
        if re.search(r"\{[{%#]|[}%#]\}", text):
            return "Write only the condition, such as subscriber.fields.city == 'Berlin', without braces."
        return _mistake_in(f"{{% if {text} %}}{{% endif %}}") if text else ""


@dataclass(frozen=True)
class _HoldsMany:
    """The name of a list of values."""

    def problem(self, text: str) -> str:
        if text and not _PATH.fullmatch(text):
            return "Write the name of a list of values, such as subscriber.fields.articles."
        return _mistake_in(f"{{% for item in {text} %}}{{% endfor %}}") if text else ""


@dataclass(frozen=True)
class _IsLanguage:
    """A language tag."""

    def problem(self, text: str) -> str:
        return "" if not text or _TAG.fullmatch(text) else "Write a language such as en or pt-BR."


def _mistake_in(tags: str) -> str:
    try:
        check(tags)
    except BadTag as error:
        return error.message
    return ""


def _one_line(text: str) -> str:
    # What is pasted brings tabs and line ends along.
    return _CONTROLS.sub(" ", text).strip()


def _many_lines(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(character for character in text if character in "\n\t" or ord(character) >= 32)


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
Href = Annotated[
    str,
    StringConstraints(max_length=2_000),
    AfterValidator(_one_line),
    _LeadsTo(_LINK_SCHEMES, "https:, mailto: or tel:"),
]
#: Where an image is; may hold merge tags.
Src = Annotated[
    str, StringConstraints(max_length=2_000), AfterValidator(_one_line), _LeadsTo(_IMAGE_SCHEMES, "https:")
]
#: A condition of the merge language; empty means always.
Condition = Annotated[str, StringConstraints(max_length=500), AfterValidator(_one_line), _Decides()]
#: Where a list of values is found; empty for nowhere.
Source = Annotated[str, StringConstraints(max_length=120), AfterValidator(_one_line), _HoldsMany()]
#: A language tag (BCP 47).
Language = Annotated[str, StringConstraints(max_length=40), AfterValidator(_one_line), _IsLanguage()]
Align = Literal["left", "center", "right"]
Pixels = Annotated[int, Field(ge=0, le=120)]
