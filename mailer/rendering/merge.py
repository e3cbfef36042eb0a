"""Filling a frozen message in for one recipient."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from jinja2 import TemplateError

from mailer.errors import Invalid
from mailer.rendering.design import Frozen
from mailer.rendering.language import LINK_URL, PIXEL_URL, Program, TokenUrls, compiled

#: Far more than any client shows; what is larger is a mistake or an attack.
MOST_CHARACTERS: Final = 2_000_000


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

    :param urls: for sending: links end in the value ``mail_token``. Without them ``render``
        is told where each link leads
    :raises BadTag: the message is not in the merge language
    """

    def __init__(self, frozen: Frozen, *, urls: TokenUrls | None = None) -> None:
        self._links = frozen.links
        self.subject = compiled(frozen.subject, is_html=False)
        self.html = compiled(frozen.html, is_html=True, urls=urls)
        self.text = compiled(frozen.text, is_html=False, urls=urls)

    def render(self, values: Mapping[str, Any], tracking: Tracking | None = None) -> Rendered:
        """Return the message for one recipient.

        :param values: plain values under the names of the vocabulary: mappings ``subscriber``,
            ``campaign`` and ``workspace``, and ``unsubscribe_url``, ``preferences_url``, ``view_url``
        :param tracking: none in a preview: links lead straight on and there is no pixel
        :raises MergeFailed: the values do not suit the tags, or far too much comes out
        """
        everything = {
            **values,
            LINK_URL: tracking.link_url if tracking else self._links.__getitem__,
            PIXEL_URL: tracking.pixel_url if tracking else "",
        }
        return Rendered(
            subject=one_line(filled(self.subject, everything)),
            html="".join(filled(self.html, everything)),
            text="".join(filled(self.text, everything)),
        )


def filled(program: Program, values: Mapping[str, Any]) -> list[str]:
    """Return the pieces of a part for one recipient.

    :raises MergeFailed: the values do not suit the tags, or far too much comes out
    """
    try:
        pieces = list(program.run(values))
    except (TypeError, ValueError, TemplateError) as error:
        raise MergeFailed(f"A tag does not suit this subscriber's values: {error}.") from None
    if sum(map(len, pieces)) > MOST_CHARACTERS:
        raise MergeFailed(f"The message is longer than {MOST_CHARACTERS:,} characters.")
    return pieces


def one_line(pieces: Iterable[str]) -> str:
    """Return pieces as a header can hold them: one line, whatever a name holds."""
    return " ".join("".join(pieces).split())
