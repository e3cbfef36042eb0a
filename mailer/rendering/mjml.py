"""MJML to HTML.

The renderer (mrml) wants well-formed XML and takes a ``<`` inside of a tag for a
mistake, while people write HTML with ``<br>`` and merge tags. So it never sees them:
tags are covered before, and what stands inside ``mj-text`` and its kin waits in a slot
until the frame around it is rendered. Elements that it does not know vanish without a
word; they are refused here.
"""

import re
from typing import Final

import mrml
from lxml import etree

from mailer.errors import Invalid
from mailer.rendering.shield import Shield

#: Elements that hold HTML, or words.
_CONTENT: Final = (
    *("mj-text", "mj-button", "mj-table", "mj-raw", "mj-navbar-link", "mj-social-element"),
    *("mj-accordion-title", "mj-accordion-text"),
)
#: Elements that hold other elements of MJML.
_STRUCTURE: Final = (
    *("mj-body", "mj-wrapper", "mj-section", "mj-group", "mj-column", "mj-hero", "mj-head", "mj-attributes"),
    *("mj-accordion", "mj-accordion-element", "mj-carousel", "mj-navbar", "mj-social", "mj-html-attributes"),
    *("mj-selector", "mjml"),
)
_KNOWN: Final = {
    *(*_CONTENT, *_STRUCTURE, "mj-all", "mj-breakpoint", "mj-carousel-image", "mj-class", "mj-divider"),
    *("mj-font", "mj-html-attribute", "mj-image", "mj-preview", "mj-spacer", "mj-style", "mj-title"),
}
#: Where a condition may stand between elements.
_MAY_DEPEND: Final = {"mj-body", "mj-section", "mj-column", "mj-hero", "mj-group"}

_ATTRIBUTES: Final = r"(?:[^>\"']|\"[^\"]*\"|'[^']*')*?"
_ELEMENT: Final = re.compile(rf"<(/?)(mj[a-z-]+)\b{_ATTRIBUTES}(/?)>")
_HELD: Final = re.compile(rf"(<({'|'.join(_CONTENT)})\b{_ATTRIBUTES}(?<!/)>)(.*?)(</\2>)", re.DOTALL)
_REMARK: Final = re.compile(r"<!--(?!\[if).*?-->", re.DOTALL)
_COMMENT: Final = re.compile(r"<!--.*?-->", re.DOTALL)
_BARE_AMPERSAND: Final = re.compile(r"&(?!#?\w+;)")
_INLINE_STYLE: Final = re.compile(r"(<mj-style\b[^>]*?)\s+inline=(\"inline\"|'inline')")

_PARSER: Final = mrml.ParserOptions(include_loader=mrml.noop_loader())
_RENDERER: Final = mrml.RenderOptions(disable_comments=True, fonts={})


class Slots:
    """Keeps HTML out of the sight of a renderer, behind words that stand for it.

    :param sources: everything that will be rendered; the words are chosen to be in none of it
    """

    def __init__(self, *sources: str) -> None:
        everything = "\n".join(sources).lower()
        self._prefix = "slot"
        while self._prefix in everything:
            self._prefix += "q"
        self._word = re.compile(rf"{self._prefix}([0-9a-f]{{4}})z")
        self._kept: list[str] = []

    def keep(self, html: str) -> str:
        """Return the word that stands for some HTML from now on."""
        self._kept.append(html)
        return f"{self._prefix}{len(self._kept) - 1:04x}z"

    def fill(self, text: str) -> str:
        """Put everything back."""
        while self._word.search(text):
            text = self._word.sub(lambda match: self._kept[int(match[1], 16)], text)
        return text


def is_mjml(source: str) -> bool:
    """Whether a source is meant to be MJML."""
    return re.match(r"\s*(<\?xml[^>]*>\s*|<!--.*?-->\s*)*<mjml\b", source, re.DOTALL) is not None


def to_html(covered: str, shield: Shield) -> str:
    """Return the HTML of an MJML document whose merge tags are covered.

    :raises Invalid: it is not MJML, names an element that there is none of, or has a condition where it
        would end up in a part that only Outlook reads
    """
    if not is_mjml(covered):
        raise Invalid("MJML begins with <mjml>.")
    slots = Slots(covered)
    covered = _HELD.sub(lambda match: match[1] + slots.keep(match[3]) + match[4], covered)
    # As many lines as before, so that a mistake is found where it is said to be.
    covered = _REMARK.sub(lambda match: "\n" * match[0].count("\n"), covered)
    covered = _INLINE_STYLE.sub(r"\1", covered)
    _check_elements(covered)
    html = slots.fill(render(_set_apart(covered, shield)))
    for comment in _COMMENT.findall(html):
        if any(tag.is_statement for tag in shield.tags_in(comment)):
            raise Invalid("Write conditions around a whole mj-wrapper, not between its sections.")
    return html


def render(mjml: str) -> str:
    """Return the HTML of MJML that holds no words of people.

    :raises Invalid: it cannot be read
    """
    try:
        return str(mrml.to_html(mjml, _PARSER, _RENDERER).content)
    except OSError as error:
        raise Invalid(f"The MJML cannot be read: {_reason(mjml) or error}.") from None


def _check_elements(covered: str) -> None:
    for match in _ELEMENT.finditer(covered):
        line = covered.count("\n", 0, match.start()) + 1
        if match[2] == "mj-include":
            raise Invalid(f"Line {line}: mj-include reads a file; paste what it would include.")
        if match[2] not in _KNOWN:
            raise Invalid(f"Line {line}: MJML has no element “{match[2]}”.")


def _set_apart(covered: str, shield: Shield) -> str:
    """Put conditions that stand between elements into ``mj-raw``, where they are kept."""
    result: list[str] = []
    opened: list[str] = []
    position = 0
    for match in _ELEMENT.finditer(covered):
        between = covered[position : match.start()]
        if opened and opened[-1] in _MAY_DEPEND and shield.is_only_statements(between):
            between = f"<mj-raw>{between.strip()}</mj-raw>"
        result += [between, match[0]]
        position = match.end()
        if match[1]:
            while opened and opened.pop() != match[2]:
                pass
        elif not match[3]:
            opened.append(match[2])
    return "".join([*result, covered[position:]])


def _reason(mjml: str) -> str:
    """Return what an XML parser says, since it tells the line."""
    try:
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        etree.fromstring(_BARE_AMPERSAND.sub("&amp;", mjml).encode(), parser)
    except etree.XMLSyntaxError as error:
        return f"line {error.lineno}: {str(error.msg).partition(', line')[0]}"
    return ""
