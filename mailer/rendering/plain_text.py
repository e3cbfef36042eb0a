"""The text part, for those who read without HTML."""

import copy
import re
from typing import Any, Final

from mailer.errors import Invalid
from mailer.rendering import document
from mailer.rendering.shield import Shield
from mailer.rendering.text_layout import laid_out

_EMPTY_LINES: Final = re.compile(r"\n{3,}")
_ROWS: Final = ("table", "thead", "tbody", "tfoot", "tr")


def from_document(root: Any, shield: Shield) -> str:
    """Return the words of a covered document, uncovered, with each link's address after its words.

    Addresses stay as they were written: a person reads them here, and a counting
    link of seventy characters tells nothing.
    """
    text = _words_of(copy.deepcopy(root), shield)
    # ``{% if … %}`` on a line of its own must not leave an empty one behind.
    lines = [line if shield.is_only_statements(line) else line + "\n" for line in text.split("\n")[:-1]]
    return shield.uncover("".join(lines))


def from_html(html: str) -> str:
    """Return the words of a mail that is no template: what looks like a merge tag in it is none.

    :raises Invalid: there is nothing in it
    """
    return _words_of(document.parse(html), Shield(html))


def text_part(text: str | None, html: str) -> str:
    """Return the text part: what was written for those who read without HTML, or the words of the HTML.

    Empty for HTML in which no words can be found: it goes out all the same.
    """
    if text is not None:
        return text
    try:
        return from_html(html)
    except Invalid:
        return ""


def _words_of(root: Any, shield: Shield) -> str:
    for image in root.iter("img"):
        if image.get("alt"):
            image.tag, image.text = "span", image.get("alt")
    for link in root.iter("a"):
        _write_out(link)
    # In columns, a tag between rows, as around those of a loop, would be lost.
    for table in root.iter("table"):
        if _has_tags_between(table, shield):
            table.tag = "div"
    return tidy(laid_out(root))


def tidy(text: str) -> str:
    """Return a text without white space at line ends, and with at most one empty line in a row."""
    text = text.replace("\r\n", "\n").replace("\u034f", "").replace("\u200c", "")
    text = "\n".join([line.rstrip(" \t\u00a0") for line in text.split("\n")])
    return _EMPTY_LINES.sub("\n\n", text).strip() + "\n"


def _has_tags_between(table: Any, shield: Shield) -> bool:
    """Whether tags stand in a table outside of its cells."""
    return any(
        shield.tags_in(words)
        for part in table.iter(*_ROWS)
        for words in (part.text, *(child.tail for child in part))
        if words
    )


def _write_out(link: Any) -> None:
    href = (link.get("href") or "").strip()
    words = "".join(link.itertext()).strip()
    if not href or href.startswith("#"):
        return
    address = re.sub(r"^(mailto|tel):", "", href)
    if address == words:
        return
    last = link[-1] if len(link) else None
    written = f" <{address}>" if words else address
    if last is None:
        link.text = (link.text or "") + written
    else:
        last.tail = (last.tail or "") + written
