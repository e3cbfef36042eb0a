"""What a sign-up form consists of: pure values, checked when they are read.

A form is written once and shown in several languages: what the marketer does not write
in one of them is our own words there (``templates/signup``, translated by the catalogues
of ``web/languages.py``).
"""

from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator

from mailer.errors import Invalid
from mailer.rendering.blocks.document import Font

#: Languages that public pages speak, the default one first.
LANGUAGES: Final = ("en", "de", "fr", "es", "zh", "ar")
MOST_BOXES: Final = 5

_Line = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True, pattern=r"^[^\x00-\x1f]*$")]
_Text = Annotated[str, StringConstraints(max_length=2_000, strip_whitespace=True, pattern=r"^[^\x00]*$")]
_Mail = Annotated[str, StringConstraints(max_length=20_000, strip_whitespace=True, pattern=r"^[^\x00]*$")]
_Id = Annotated[str, StringConstraints(pattern=r"^lst_[0-9a-z]{26}$")]
_Key = Annotated[str, StringConstraints(max_length=60, pattern=r"^[a-z][a-z0-9_]*$")]
_Host = Annotated[str, StringConstraints(max_length=260, pattern=r"^[a-z0-9.-]+(:[0-9]{1,5})?$")]
_Color = Annotated[str, StringConstraints(pattern=r"^(#[0-9a-f]{6})?$")]
Language = Literal["en", "de", "fr", "es", "zh", "ar"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Asking(StrEnum):
    """Whether a form asks for something."""

    OPTIONAL = "optional"
    REQUIRED = "required"
    #: Once the address is confirmed, and only if it is not known: nobody else learns what is.
    LATER = "later"


class Input(_Part):
    """Something the form asks for besides the address: the name, or a field by its key."""

    key: _Key
    asking: Asking = Asking.OPTIONAL


class Box(_Part):
    """A box to tick; never ticked beforehand (GDPR, recital 32)."""

    words: _Text
    is_required: bool = True


class Words(_Part):
    """What the form and its mails say in one language; empty where our own words stand."""

    title: _Line = ""
    intro: _Text = ""
    consent: _Text = ""
    boxes: tuple[Box, ...] = Field((), max_length=MOST_BOXES)
    button: _Line = ""
    thanks_title: _Line = ""
    thanks_text: _Text = ""
    confirm_subject: _Line = ""
    confirm_body: _Mail = ""
    welcome_subject: _Line = ""
    welcome_body: _Mail = ""


class Look(_Part):
    """How the form looks, over the workspace's brand."""

    #: Empty: the brand's.
    accent: _Color = ""
    font: Literal["", Font] = ""
    has_logo: bool = True
    corners: Literal["square", "soft", "round"] = "soft"
    theme: Literal["auto", "light", "dark"] = "auto"
    has_sheet: bool = True


class Design(_Part):
    """A whole form."""

    list_ids: tuple[_Id, ...] = Field(min_length=1, max_length=20)
    #: People choose among the lists instead of joining all.
    is_choice: bool = False
    inputs: tuple[Input, ...] = Field((), max_length=30)
    languages: tuple[Language, ...] = Field(("en",), min_length=1)
    words: dict[Language, Words] = {}
    look: Look = Look()
    #: Hosts that may frame the form and be gone to afterwards; none: any may frame it.
    hosts: tuple[_Host, ...] = Field((), max_length=20)
    #: Where people go afterwards; empty: our page of thanks.
    after_url: Annotated[str, StringConstraints(max_length=2_000, pattern=r"^(https?://[^\s<>\"]+)?$")] = ""

    @field_validator("after_url")
    @classmethod
    def _is_allowed(cls, url: str, info: Any) -> str:
        hosts = info.data.get("hosts", ())
        if url and url.split("/")[2].lower() not in hosts:
            raise ValueError("its site is none of those that are allowed; add it to the sites first")
        return url

    def words_in(self, language: str) -> Words:
        """Return what the form says in a language: what is not written there is the default language's.

        The default's mails and boxes stand in, too: better in another language than untold.
        """
        own = self.words.get(language, Words())  # type: ignore[call-overload]
        first = self.words.get(self.languages[0], Words())
        if language == self.languages[0]:
            return own
        return first.model_copy(
            update={name: value for name, value in own.model_dump().items() if value}
            | ({"boxes": own.boxes} if own.boxes else {})
        )

    def language_for(self, wanted: str | None) -> str:
        """Return the language to show, given one that the reader prefers."""
        return wanted if wanted in self.languages else self.languages[0]


def read_design(stored: Any) -> Design:
    """Return a design that was kept or sent.

    :raises Invalid: with what is wrong, in the words of the page
    """
    try:
        return Design.model_validate(stored)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else ""
        sentence = _SENTENCES.get(name, first["msg"].removeprefix("Value error, "))
        raise Invalid(sentence[:1].upper() + sentence[1:], fields={name: sentence}) from None


_SENTENCES: Final = {
    "list_ids": "Choose at least one list.",
    "languages": "Choose at least one language.",
    "hosts": "Write one site a line, like www.example.com.",
}
