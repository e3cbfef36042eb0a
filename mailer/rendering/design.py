"""What goes into rendering and what comes out."""

from dataclasses import dataclass, field, replace
from typing import Self

from mailer.rendering.blocks.check import without_mistakes
from mailer.rendering.blocks.document import Document
from mailer.rendering.brand import Brand


@dataclass(frozen=True)
class Design:
    """A mail as it was written.

    :param format: ``design``, ``markdown``, ``mjml`` or ``html``, what it is written in
    :param document: the design, when it is written as one; the body is empty then
    :param text: the text part as edited by hand; none when it is generated
    :param language: a language tag (BCP 47) for screen readers, where the mail does not say its own
    :param layout: a whole HTML document with a ``{{ content }}`` slot; none for a plain page. An HTML
        body that is a whole document itself needs none.
    """

    subject: str
    preheader: str
    body: str
    format: str
    text: str | None = None
    layout: str | None = None
    document: Document | None = None
    brand: Brand = field(default_factory=Brand)
    language: str = ""

    def without_mistakes(self) -> Self:
        """Return it as far as it can become a mail already: for those who look at it, never for sending."""
        if self.document is None:
            return self
        return replace(self, document=without_mistakes(self.document))


@dataclass(frozen=True)
class Frozen:
    """A mail ready to be filled in: CSS inlined, links numbered, merge tags still in place.

    :param links: where each numbered link leads. Every place has a number of its own, also when two
        lead to the same page: a report can tell the button from the footer.
    :param uncounted: links whose clicks are not counted, because they differ from reader to reader
    :param is_footer_added: whether the design had no way to unsubscribe and was given one
    :param trap_link: the number of the link that only machines see, if there is one
    """

    subject: str
    html: str
    text: str
    links: list[str]
    uncounted: tuple[str, ...] = ()
    is_footer_added: bool = False
    trap_link: int | None = None
