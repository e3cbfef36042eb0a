"""The HTML document of a mail: parsed once, changed as a tree, written once.

All of it works on covered documents (``shield``), and on lxml's trees because
premailer does.
"""

import logging
import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote

from cssselect import SelectorError
from lxml import etree
from premailer import Premailer

from mailer.errors import Invalid
from mailer.rendering.attributes import check_attributes
from mailer.rendering.language import LINK_URL, PIXEL_URL, Tag
from mailer.rendering.shield import Shield

#: Reading a rule takes about 0.7 ms and giving it to an element 4 µs: a second at most.
_MOST_RULES: Final = 1_000
_MOST_INLINING: Final = 250_000

#: A newsletter has some hundred; every step below takes time for each.
_MOST_ELEMENTS: Final = 10_000

_COUNTED: Final = re.compile(r"https?://[^/]", re.IGNORECASE)
_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
#: Where a link may lead; everything else, ``javascript:`` and ``data:`` first, is refused.
_SCHEMES: Final = frozenset({"http", "https", "mailto", "tel", "sms", "cid"})
_URL_CHARACTERS: Final = "%/:=&?~#+!$,;'@()*[]"

_NEVER_RUN: Final = ("script", "iframe", "object", "embed", "applet", "base")
#: As much as Gmail's inbox line shows; the padding keeps the letter's first words out of it.
_PREHEADER_LENGTH: Final = 100
_PADDING: Final = "\u034f\u200c\u00a0"
_HIDDEN: Final = (
    "display:none;font-size:1px;line-height:1px;max-height:0;max-width:0;opacity:0;overflow:hidden;"
    "mso-hide:all"
)

Element = Any


def parse(html: str) -> Element:
    """Return the root of a document, whatever its author left out.

    Scripts, frames and event handlers are dropped: no mail client runs them, and
    the page that shows a mail in the browser should not either.
    """
    check_attributes(html)
    # As bytes: text with an XML declaration in it is refused.
    root = etree.fromstring(html.encode(), etree.HTMLParser(encoding="utf-8"))
    if root is None or root.find("body") is None:
        raise Invalid("There is nothing in this design that a mail program could show.")
    if sum(1 for _ in root.iter()) > _MOST_ELEMENTS:
        raise Invalid(f"There are more than {_MOST_ELEMENTS:,} elements in this design.")
    for element in list(root.iter(*_NEVER_RUN)):
        _drop(element)
    for element in root.iter(etree.Element):
        for name in [name for name in element.attrib if name.lower().startswith("on")]:
            del element.attrib[name]
    return root


def serialize(root: Element) -> str:
    """Return a document as HTML, always with a doctype: without one clients go into quirks mode."""
    doctype = root.getroottree().docinfo.doctype
    # What lxml makes up for a document that has none.
    if not doctype or ("HTML 4.0 Transitional" in doctype and "loose.dtd" in doctype):
        doctype = "<!DOCTYPE html>"
    html: str = etree.tostring(root, method="html", encoding="unicode", doctype=doctype)
    return html + "\n"


def inline_css(root: Element) -> None:
    """Copy the rules of every ``<style>`` to the elements that they are about.

    The style elements stay for the clients that read them (dark mode, narrow screens).

    :raises Invalid: a rule cannot be read, or there are far too many
    """
    styles = "".join(element.text or "" for element in root.iter("style"))
    if not styles and not root.xpath("//img[@style]"):
        return
    rules = styles.count("{")
    if rules > _MOST_RULES or rules * sum(1 for _ in root.iter()) > _MOST_INLINING:
        raise Invalid("There are too many CSS rules for a document of this size.")
    inliner = Premailer(
        root,
        keep_style_tags=True,
        strip_important=False,
        allow_network=False,
        disable_validation=True,
        cssutils_logging_level=logging.CRITICAL,
    )
    try:
        inliner.transform()
    except (SelectorError, ValueError, IndexError, AttributeError, AssertionError) as error:
        raise Invalid(f"The CSS cannot be read: {error}.") from None


def links(root: Element) -> Iterator[tuple[Element, str]]:
    """Yield each element that leads somewhere, with its address.

    :raises Invalid: an address would run something instead of leading somewhere
    """
    for element in root.iter("a", "area"):
        href = (element.get("href") or "").strip()
        if not href:
            continue
        scheme = _SCHEME.match(re.sub(r"[\x00-\x20]", "", href))
        if scheme and scheme[1].lower() not in _SCHEMES:
            raise Invalid(
                f"The link “{href[:80]}” cannot be used: "
                "a link in a mail begins with https:, mailto: or tel:."
            )
        yield element, href


def number_links(root: Element, shield: Shield) -> tuple[list[str], tuple[str, ...]]:
    """Let the web links of a document count their clicks.

    Links with merge tags in them stay as they are: only the reader's own copy says
    where they lead, and a click must never carry an address.

    :return: where the numbered links lead; the links that are not counted
    """
    numbered: list[str] = []
    uncounted: list[str] = []
    for element, href in links(root):
        tags = shield.tags_in(href)
        if tags:
            if not any("_url" in tag.text for tag in tags):
                uncounted.append(shield.uncover(href))
        elif _COUNTED.match(href):
            element.set("href", shield.word(Tag(f"{{{{ {LINK_URL}({len(numbered)}) }}}}", 0)))
            numbered.append(quote(href, safe=_URL_CHARACTERS))
    return numbered, tuple(uncounted)


def mentions(root: Element, name: str, shield: Shield) -> bool:
    """Whether a reader gets to see what a merge tag says: in a link or in the words."""
    for element in root.iter(etree.Element):
        if element.tag in {"style", "title"}:
            continue
        seen = [element.text, *(child.tail for child in element), element.get("href")]
        if any(name in tag.text for text in seen if text for tag in shield.tags_in(text)):
            return True
    return False


def append(root: Element, fragment: str) -> None:
    """Put a piece of HTML at the end of the body."""
    body = root.find("body")
    for child in _elements(fragment):
        body.append(child)


def add_preheader(root: Element, words: str) -> None:
    """Put the inbox's second line before everything else, out of sight."""
    body = root.find("body")
    element = body.makeelement("div", {"style": _HIDDEN})
    element.text = words + _PADDING * max(0, _PREHEADER_LENGTH - len(words))
    element.tail, body.text = body.text, None
    body.insert(0, element)


def add_pixel(root: Element, shield: Shield) -> None:
    """Put the image that counts opens at the end of the body; a preview has none."""
    word = shield.word
    append(
        root,
        f"<div>{word(Tag(f'{{% if {PIXEL_URL} %}}', 0))}"
        f'<img src="{word(Tag(f"{{{{ {PIXEL_URL} }}}}", 0))}" width="1" height="1" alt="" '
        f'style="display:block;border:0;height:1px;width:1px">{word(Tag("{% endif %}", 0))}</div>',
    )


def _elements(fragment: str) -> list[Element]:
    root = etree.fromstring(
        f"<html><body>{fragment}</body></html>".encode(), etree.HTMLParser(encoding="utf-8")
    )
    return list(root.find("body"))


def _drop(element: Element) -> None:
    """Remove an element and what is in it, but not the words after it."""
    parent, previous = element.getparent(), element.getprevious()
    if parent is None:
        return
    if element.tail:
        if previous is not None:
            previous.tail = (previous.tail or "") + element.tail
        else:
            parent.text = (parent.text or "") + element.tail
    parent.remove(element)
