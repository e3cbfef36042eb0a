"""Filling a frozen message in for one recipient."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from jinja2 import TemplateError

from mailer.errors import Invalid
from mailer.rendering.design import Frozen
from mailer.rendering.flatten import Addresses, Fixed
from mailer.rendering.language import LINK_URL, PIXEL_URL
from mailer.rendering.program import Form, Slot, compiled

#: Far more than any client shows; what is larger is a mistake or an attack.
MOST_CHARACTERS: Final = 2_000_000


#: Values together may be so much shorter than a message, since each may stand in several places.
_MOST_PLACES: Final = 20


class MergeFailed(Invalid):
    """A message cannot be filled in for this recipient."""


@dataclass(frozen=True)
class Tracking:
    """How one recipient's links and pixel are addressed.

    :param link_url: from a link's number to the address that counts a click
    :param pixel_url: the address that counts an open
    """

    link_url: Callable[[int], str]
    pixel_url: str


@dataclass(frozen=True)
class Rendered:
    """A message as one recipient gets it."""

    subject: str
    html: str
    text: str


#: What a tag raises that does not suit a value.
_UNSUITABLE: Final = (TypeError, ValueError, TemplateError)


def said(slot: Slot, key: Any) -> str:
    """Return what a slot of a form says for a key.

    :raises MergeFailed: the value does not suit the tag, or is far too long
    """
    try:
        text = slot.text(key)
    except _UNSUITABLE as error:
        raise _failed(error) from None
    if len(text) > MOST_CHARACTERS // _MOST_PLACES:
        raise MergeFailed(f"A value is longer than {MOST_CHARACTERS // _MOST_PLACES:,} characters.")
    return text


class Renderer:
    """Fills one frozen message in, for as many recipients as there are.

    :param addresses: for sending: links end in a token. Without them ``render`` is told
        where each link leads
    :param fixed: values that are the same for all recipients
    :raises BadTag: the message is not in the merge language
    """

    def __init__(self, frozen: Frozen, *, addresses: Addresses = (), fixed: Fixed = ()) -> None:
        self._links = frozen.links
        self._program = compiled(frozen.subject, frozen.html, frozen.text, addresses=addresses, fixed=fixed)
        self.constants = self._program.constants

    @property
    def form(self) -> Form | None:
        """The message as constants and slots, when that is all of it."""
        return self._program.form

    def pieces(self, values: Mapping[str, Any]) -> tuple[str, list[str], list[str]]:
        """Return the subject, and HTML and text in pieces, most of which are constants.

        :param values: plain values under the names of the vocabulary: mappings ``subscriber``,
            ``campaign`` and ``workspace``, addresses, and the tokens of those that have one
        :raises MergeFailed: the values do not suit the tags, or far too much comes out
        """
        try:
            subject, html, text = self._program.run(values)
        except _UNSUITABLE as error:
            raise _failed(error) from None
        if sum(map(len, html)) + sum(map(len, text)) > MOST_CHARACTERS:
            raise MergeFailed(f"The message is longer than {MOST_CHARACTERS:,} characters.")
        return one_line(subject), html, text

    def render(self, values: Mapping[str, Any], tracking: Tracking | None = None) -> Rendered:
        """Return the message for one recipient.

        :param tracking: none in a preview: links lead straight on and there is no pixel
        :raises MergeFailed: the values do not suit the tags, or far too much comes out
        """
        everything = {
            **values,
            LINK_URL: tracking.link_url if tracking else self._links.__getitem__,
            PIXEL_URL: tracking.pixel_url if tracking else "",
        }
        subject, html, text = self.pieces(everything)
        return Rendered(subject=subject, html="".join(html), text="".join(text))


def one_line(pieces: Iterable[str]) -> str:
    """Join a subject: a header is one line, whatever a name holds."""
    return " ".join("".join(pieces).split())


def _failed(error: Exception) -> MergeFailed:
    return MergeFailed(f"A tag does not suit this subscriber's values: {error}.")
