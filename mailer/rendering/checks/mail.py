"""A mail as one reader gets it, read once for every check."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from cssselect import HTMLTranslator, SelectorError
from lxml import etree

from mailer.rendering.checks.colors import BLACK, WHITE, Color, read_color
from mailer.rendering.checks.css import AtRule, Declaration, Rule, declarations, style_sheet
from mailer.rendering.checks.findings import Where

Element = Any

#: What the editing rendering of a design writes on everything that a block becomes.
BLOCK_MARK: Final = "data-block"
_MARKS: Final = re.compile(r' data-(?:row|column|block)="(?:row|col|blk)_[0-9a-z]{4,32}"')
_NOT_SHOWN: Final = frozenset({"head", "style", "script", "title", "meta", "link", "template"})
_QUOTED: Final = 90
_SIZES: Final = {"1": 10.0, "2": 13.0, "3": 16.0, "4": 18.0, "5": 24.0, "6": 32.0, "7": 48.0}
_NAMED_SIZES: Final = {
    **{"xx-small": 9.0, "x-small": 10.0, "small": 13.0, "medium": 16.0},
    **{"large": 18.0, "x-large": 24.0, "xx-large": 32.0},
}
_HEADING_SIZES: Final = {"h1": 2.0, "h2": 1.5, "h3": 1.17, "h4": 1.0, "h5": 0.83, "h6": 0.67, "small": 0.83}


@dataclass(frozen=True)
class Look:
    """How the words of an element look: what it was given and what it inherits.

    :param background: none when it is a picture or a gradient, so that nobody knows
    :param size: of the letters, in pixels
    """

    color: Color = BLACK
    background: Color | None = WHITE
    size: float = 16.0
    is_bold: bool = False
    is_hidden: bool = False
    color_as_written: str = ""


@dataclass(frozen=True)
class Mail:
    """What one reader gets.

    :param html: filled in, with the rules of its style sheets inlined
    :param own_links: addresses that are the product's (to unsubscribe, preferences, view), never checked
    :param own_origin: where this installation serves pictures while mails stay with it; empty otherwise
    :param largest_bytes: of the HTML for the reader who gets most; 0 when it is not known
    :param markdown: what it was made from, where that is Markdown: it breaks other products' tags up
    """

    subject: str
    preheader: str
    html: str
    text: str
    own_links: frozenset[str] = field(default_factory=frozenset)
    own_origin: str = ""
    largest_bytes: int = 0
    markdown: str = ""

    @cached_property
    def root(self) -> Element:
        """The document as a tree."""
        parser = etree.HTMLParser(encoding="utf-8")
        root = etree.fromstring(self.html.encode() or b"<html></html>", parser)
        return root if root is not None else etree.fromstring(b"<html><body></body></html>", parser)

    @cached_property
    def elements(self) -> list[Element]:
        """Every element of the body, in order."""
        body = self.root.find("body")
        return [] if body is None else list(body.iter(etree.Element))

    @cached_property
    def rules(self) -> list[Rule]:
        """The rules of its style sheets."""
        return [rule for text in self._style_sheets for rule in style_sheet(text)[0]]

    @cached_property
    def at_rules(self) -> list[AtRule]:
        """Its at-rules."""
        return [rule for text in self._style_sheets for rule in style_sheet(text)[1]]

    @cached_property
    def looks(self) -> Mapping[Element, Look]:
        """How each element looks on a light screen."""
        return self._looks({})

    @cached_property
    def dark_looks(self) -> Mapping[Element, Look] | None:
        """How each element looks on a dark screen; none when the mail leaves that to the client."""
        dark = [rule for rule in self.rules if rule.is_dark]
        if not dark:
            return None
        told: dict[Element, list[Declaration]] = {}
        for rule in dark:
            for element in self._matching(rule.selector):
                told.setdefault(element, []).extend(rule.declarations)
        return self._looks(told)

    @cached_property
    def has_outlook_comments(self) -> bool:
        """Whether its author wrote something for Outlook on Windows alone."""
        return bool(re.search(r"<!--\[if [^\]]*mso", self.html))

    @cached_property
    def words(self) -> str:
        """What can be read in it, in order, without what is hidden."""
        body = self.root.find("body")
        return "" if body is None else " ".join("".join(self._read(body)).split())

    def is_hidden(self, element: Element) -> bool:
        """Whether a reader does not see an element."""
        look = self.looks.get(element)
        return look is None or look.is_hidden

    def words_of(self, element: Element) -> str:
        """Return what can be read in an element, with the alternative texts of its pictures."""
        return " ".join("".join(self._read(element)).split())

    def where(self, element: Element, quote: str = "") -> Where:
        """Return the place of an element."""
        block = next((one.get(BLOCK_MARK) for one in _upwards(element) if one.get(BLOCK_MARK)), "")
        quote = quote or self.words_of(element) or element.get("src") or element.get("href") or ""
        path = element.getroottree().getpath(element)
        return Where("body", block=block, path=path, quote=shortened(quote))

    @cached_property
    def _style_sheets(self) -> list[str]:
        return [element.text or "" for element in self.root.iter("style")]

    def _read(self, element: Element) -> Iterator[str]:
        if not isinstance(element.tag, str) or element.tag in _NOT_SHOWN or self.is_hidden(element):
            return
        if element.tag == "img":
            yield f" {element.get('alt') or ''} "
        is_block = element.tag not in {"a", "b", "i", "em", "strong", "span", "font", "u", "sup", "sub"}
        yield " " if is_block else ""
        yield element.text or ""
        for child in element:
            yield from self._read(child)
            yield child.tail or ""
        yield " " if is_block else ""

    def _matching(self, selector: str) -> list[Element]:
        try:
            found: list[Element] = self.root.xpath(HTMLTranslator().css_to_xpath(selector))
        except (SelectorError, etree.XPathError):
            return []
        return found

    def _looks(self, told: Mapping[Element, list[Declaration]]) -> dict[Element, Look]:
        """Walk from the root down; what dark rules tell comes after an element's own style, as they do."""
        looks: dict[Element, Look] = {}
        for element in self.root.iter(etree.Element):
            parent = element.getparent()
            above = looks.get(parent, Look()) if parent is not None else Look()
            looks[element] = _look(element, above, told.get(element, []))
        return looks


def size_of(html: str) -> int:
    """Return how many bytes the HTML of a mail has for a reader, who gets no marks on its parts."""
    return len(_MARKS.sub("", html).encode())


def shortened(text: str, most: int = _QUOTED) -> str:
    """Return a text on one line, without its end when that is long."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def styles_of(element: Element) -> dict[str, str]:
    """Return what the style attribute of an element declares; the last of a name wins."""
    style = element.get("style")
    return {one.name: one.value for one in declarations(style)} if style else {}


def pixels(value: str, *, of: float = 16.0) -> float | None:
    """Return a CSS length in pixels; none when it is no length.

    :param of: what ``em`` and ``%`` refer to
    """
    value = value.strip().lower()
    if value in _NAMED_SIZES:
        return _NAMED_SIZES[value]
    found = re.fullmatch(r"(-?[\d.]+)\s*(px|pt|em|rem|%|)", value)
    if not found or not re.fullmatch(r"-?(\d+\.?\d*|\.\d+)", found[1]):
        return None
    scale = {"px": 1.0, "": 1.0, "pt": 4 / 3, "em": of, "rem": 16.0, "%": of / 100}[found[2]]
    return float(found[1]) * scale


def _look(element: Element, above: Look, told: list[Declaration]) -> Look:
    styles = styles_of(element)
    strong = {one.name for one in declarations(element.get("style") or "") if one.is_important}
    for one in told:
        if one.is_important or one.name not in styles or one.name not in strong:
            styles[one.name] = one.value
    background = _background(element, styles, above)
    size = _size(element, styles, above)
    written = styles.get("color") or (element.get("color") if element.tag == "font" else "") or ""
    color = read_color(written, over=background or WHITE) if written else None
    if color is None and element.tag == "a" and element.get("href") and not written:
        # What clients make of a link that nobody coloured.
        color, written = read_color("#0000ee"), ""
    weight = styles.get("font-weight", "")
    return Look(
        color=color or above.color,
        background=background,
        size=size,
        is_bold=_is_bold(element, weight, above),
        is_hidden=above.is_hidden or element.tag in _NOT_SHOWN or _hides(element, styles),
        color_as_written=written if color else above.color_as_written,
    )


def _background(element: Element, styles: Mapping[str, str], above: Look) -> Color | None:
    shorthand = styles.get("background", "")
    picture = f"{styles.get('background-image', '')} {shorthand}"
    if "url(" in picture or "gradient(" in picture or element.get("background"):
        return None
    plain = styles.get("background-color") or shorthand or element.get("bgcolor") or ""
    if not plain:
        return above.background
    for word in [plain, *plain.split()]:
        if color := read_color(word, over=above.background or WHITE):
            return color
    return above.background


def _size(element: Element, styles: Mapping[str, str], above: Look) -> float:
    written = styles.get("font-size")
    if written is None and "font" in styles:
        found = re.search(r"([\d.]+(?:px|pt|em|rem|%))", styles["font"])
        written = found[1] if found else None
    if written is not None:
        size = pixels(written, of=above.size)
        return above.size if size is None else size
    if element.tag == "font" and element.get("size") in _SIZES:
        return _SIZES[element.get("size")]
    return above.size * _HEADING_SIZES.get(element.tag, 1.0)


def _is_bold(element: Element, weight: str, above: Look) -> bool:
    if weight:
        return weight in {"bold", "bolder"} or (weight.isdigit() and int(weight) >= 700)
    return element.tag in {"b", "strong", "th", "h1", "h2", "h3", "h4", "h5", "h6"} or above.is_bold


def _hides(element: Element, styles: Mapping[str, str]) -> bool:
    return (
        styles.get("display") == "none"
        or styles.get("visibility") == "hidden"
        or "hidden" in element.attrib
        or element.get("width") == element.get("height") == "1"
        or (styles.get("max-height") in {"0", "0px"} and styles.get("overflow") == "hidden")
    )


def _upwards(element: Element) -> Iterator[Element]:
    while element is not None:
        yield element
        element = element.getparent()
