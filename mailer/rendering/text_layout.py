"""How a document reads without its looks: blocks under each other, lists with marks, tables in columns."""

import re
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any, Final

_SPACES: Final = re.compile(r"[ \t\r\n\f]+")
#: Stand apart from what is around them by an empty line.
_APART: Final = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "hr", "figure"})
#: Begin and end a line.
_BLOCKS: Final = _APART | {
    *("body", "div", "section", "article", "header", "footer", "main", "nav", "aside", "address", "center"),
    *("ul", "ol", "li", "dl", "dt", "dd", "blockquote", "figcaption", "details", "summary"),
    *("table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption", "form", "fieldset"),
}
_LISTS: Final = frozenset({"ul", "ol"})
_UNSEEN: Final = frozenset({"head", "script", "style", "title", "template", "noscript", "datalist"})
#: By the depth of the list.
_MARKS: Final = "*+o-"
_INDENT: Final = "    "
#: A longer cell pushes its row’s other columns away instead of padding every row.
_WIDEST_COLUMN: Final = 78


def laid_out(root: Any) -> str:
    """Return the words of a document as lines.

    :param root: an element of lxml
    """
    return "\n".join(_lines_of(root))


def _lines_of(element: Any) -> list[str]:
    page = _Page()
    page.read(element)
    return page.lines()


class _Page:
    """Lines that grow word by word."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        #: The words of the line under way; joined once, however many elements they come from.
        self._line: list[str] = []
        self._is_apart = False
        self._indent = ""
        #: What the next line has in the place of its indent.
        self._mark = ""
        self._depth = 0
        self._keeps_spaces = False

    def lines(self) -> list[str]:
        """Return what was read."""
        self._end_line()
        return self._lines

    def read(self, element: Any) -> None:
        """Take the words of an element and of everything in it."""
        tag, style = element.tag, _style(element)
        if not isinstance(tag, str) or tag in _UNSEEN or "display:none" in style:
            return
        if tag == "br":
            self._break_line()
        elif tag not in _BLOCKS:
            self._read_inside(element)
        else:
            self._read_block(element, keeps_spaces=tag == "pre" or "white-space:pre" in style)

    def _read_block(self, element: Any, *, keeps_spaces: bool) -> None:
        tag = element.tag
        is_apart = tag in _APART
        before = self._keeps_spaces, self._indent
        self._end_line()
        self._is_apart |= is_apart
        self._keeps_spaces |= keeps_spaces
        if tag == "table" and _has_heads(element):
            self._put_columns(element)
        elif tag in _LISTS:
            self._read_list(element)
        else:
            self._indent += _INDENT if tag == "dd" else ""
            self._read_inside(element)
        self._end_line()
        self._keeps_spaces, self._indent = before
        self._is_apart |= is_apart

    def _read_inside(self, element: Any) -> None:
        self._say(element.text)
        for child in element:
            self.read(child)
            self._say(child.tail)

    def _read_list(self, element: Any) -> None:
        outer = self._indent
        bullet = f"  {_MARKS[self._depth % len(_MARKS)]} "
        number = 0
        self._depth += 1
        self._say(element.text)
        for child in element:
            if child.tag == "li":
                self._end_line()
                number += 1
                self._mark = outer + (bullet if element.tag == "ul" else f"{number:>2}. ")
                self._indent = outer + _INDENT
            self.read(child)
            self._mark, self._indent = "", outer
            self._say(child.tail)
        self._depth -= 1

    def _put_columns(self, table: Any) -> None:
        rows = [[_lines_of(cell) for cell in row.iterchildren("td", "th")] for row in _rows_of(table)]
        widths = [
            min(_WIDEST_COLUMN, max(len(line) for cell in column for line in (*cell, "")))
            for column in zip_longest(*rows, fillvalue=[])
        ]
        for row in rows:
            for lines in zip_longest(*row, fillvalue=""):
                self._put("  ".join(line.ljust(width) for line, width in zip(lines, widths, strict=False)))

    def _say(self, words: str | None) -> None:
        if not words:
            return
        if self._keeps_spaces:
            first, *others = words.split("\n")
            self._line.append(first)
            for line in others:
                self._break_line()
                self._line.append(line)
            return
        words = _SPACES.sub(" ", words)
        # The second of two spaces in a row, whichever elements they stand in.
        if not self._line or self._line[-1].endswith(" "):
            words = words.removeprefix(" ")
        if words:
            self._line.append(words)

    def _end_line(self) -> None:
        if self._line:
            self._break_line()

    def _break_line(self) -> None:
        line = "".join(self._line)
        self._line.clear()
        self._put(line if self._keeps_spaces else line.removesuffix(" "))

    def _put(self, line: str) -> None:
        if self._is_apart and self._lines:
            self._lines.append("")
        self._is_apart = False
        self._lines.append((self._mark or self._indent) + line)
        self._mark = ""


def _rows_of(table: Any) -> Iterator[Any]:
    for part in table:
        if part.tag == "tr":
            yield part
        elif part.tag in {"thead", "tbody", "tfoot"}:
            yield from part.iterchildren("tr")


def _has_heads(table: Any) -> bool:
    """Whether a table has something to say; one without heads only places things."""
    return any(row.find("th") is not None for row in _rows_of(table))


def _style(element: Any) -> str:
    style: str | None = element.get("style")
    return "".join(style.lower().split()) if style else ""
