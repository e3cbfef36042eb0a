"""Filling a frozen message in for one recipient."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from jinja2 import TemplateError

from mailer.errors import Invalid
from mailer.rendering.design import Frozen
from mailer.rendering.language import LINK_URL, PIXEL_URL, Addresses, Fixed, Layout, compiled

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
        #: Of HTML and text, when the message is a form that :meth:`slots` fills in.
        self.layouts: tuple[Layout, Layout] | None = None
        if self._program.layouts is not None:
            self._subject, *rest = self._program.layouts
            self.layouts = rest[0], rest[1]

    def slots(self, values: Mapping[str, Any]) -> tuple[str, list[str]]:
        """Return the subject, and what the slots of the layouts hold; see :meth:`pieces`.

        :raises MergeFailed: as there
        """
        try:
            slots = self._program.fill(values)
        except (TypeError, ValueError, TemplateError) as error:
            raise MergeFailed(f"A tag does not suit this subscriber's values: {error}.") from None
        if sum(map(len, slots)) > MOST_CHARACTERS // _MOST_PLACES:
            raise MergeFailed(f"A value is longer than {MOST_CHARACTERS // _MOST_PLACES:,} characters.")
        subject = "".join([item if isinstance(item, str) else slots[item] for item in self._subject])
        return " ".join(subject.split()), slots

    def pieces(self, values: Mapping[str, Any]) -> tuple[str, list[str], list[str]]:
        """Return the subject, and HTML and text in pieces, most of which are constants.

        :param values: plain values under the names of the vocabulary: mappings ``subscriber``,
            ``campaign`` and ``workspace``, addresses, and the tokens of those that have one
        :raises MergeFailed: the values do not suit the tags, or far too much comes out
        """
        try:
            subject, html, text = self._program.run(values)
        except (TypeError, ValueError, TemplateError) as error:
            raise MergeFailed(f"A tag does not suit this subscriber's values: {error}.") from None
        if sum(map(len, html)) + sum(map(len, text)) > MOST_CHARACTERS:
            raise MergeFailed(f"The message is longer than {MOST_CHARACTERS:,} characters.")
        # A header is one line, whatever a name holds.
        return " ".join("".join(subject).split()), html, text

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
