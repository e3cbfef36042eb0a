"""A document as the HTML of a mail: document to MJML, MJML to HTML."""

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Final

from mailer.rendering import mjml
from mailer.rendering.blocks.document import Column, Document, Row
from mailer.rendering.blocks.drawing import Corners, Stretch, page
from mailer.rendering.blocks.kinds import Footer
from mailer.rendering.blocks.pen import Pen, Shade
from mailer.rendering.brand import Brand
from mailer.rendering.shield import Shield

_MARK: Final = re.compile(r'class="([^"]*?)\s*\b((row|col|blk)_[0-9a-z]{4,32})"')
_OUTLOOK_MARK: Final = re.compile(r"\s?\b(?:row|col|blk)_[0-9a-z]{4,32}-outlook")
_EMPTY_CLASS: Final = re.compile(r' class="\s*"')
_PARTS: Final = {"row": "row", "col": "column", "blk": "block"}


def with_footer(document: Document) -> Document:
    """Return a document that a reader can leave by: its own, or with our footer at its end."""
    if document.has_footer:
        return document
    added = Row(
        id="row_footer",
        columns=(Column(id="col_footer", blocks=(Footer(id="blk_footer"),)),),
    )
    return document.model_copy(update={"rows": (*document.rows, added)})


def without_footer(document: Document) -> Document:
    """Return a document without its own way to leave, for a mail that nobody can leave."""
    rows = []
    for row in document.rows:
        columns = tuple(
            column.model_copy(
                update={"blocks": tuple(each for each in column.blocks if not isinstance(each, Footer))}
            )
            for column in row.columns
        )
        if any(column.blocks for column in columns) or not any(column.blocks for column in row.columns):
            rows.append(row.model_copy(update={"columns": columns}))
    return document.model_copy(update={"rows": tuple(rows)})


def to_layout(document: Document, brand: Brand, *, slot: str) -> str:
    """Return a document as a layout: HTML with a slot where a campaign's words go.

    :param slot: the tag that marks it
    """
    shield = Shield(document.model_dump_json(), slot)
    return shield.uncover(to_html(document, brand, shield, content=shield.cover(slot)))


def to_html(
    document: Document,
    brand: Brand,
    shield: Shield,
    *,
    title: str = "",
    content: str = "",
    is_marked: bool = False,
    is_identified: bool = False,
) -> str:
    """Return a document as HTML with its merge tags covered.

    :param title: what screen readers announce, usually the subject
    :param content: covered HTML, for where a campaign's words go
    :param is_marked: whether it is for the composer's canvas
    :param is_identified: whether every row, column and block carries its id, as ``data-row`` and so on
    """
    slots = mjml.Slots(document.model_dump_json(), title, content)
    pen = Pen(
        document,
        brand,
        shield=shield,
        slots=slots,
        content=content,
        is_marked=is_marked,
        is_identified=is_identified,
    )
    html = slots.fill(mjml.render(page(pen, _stretches(document, pen), title)))
    if pen.is_identified:
        html = _OUTLOOK_MARK.sub("", html)
        html = _MARK.sub(lambda match: f'class="{match[1]}" data-{_PARTS[match[3]]}="{match[2]}"', html)
    return _EMPTY_CLASS.sub("", html)


def _stretches(document: Document, pen: Pen) -> Iterator[Stretch]:
    corners = dict(zip((row.id for row in document.rows), _corners(document), strict=True))
    for ground, rows, may_join in _groups(document, pen):
        if may_join:
            ends = Corners(corners[rows[0].id].top, corners[rows[-1].id].bottom)
            yield Stretch(tuple(rows), ground, ends, is_joined=True)
        else:
            for row in rows:
                yield Stretch((row,), ground, corners[row.id], is_joined=False)


def _groups(document: Document, pen: Pen) -> Iterator[tuple[Shade, list[Row], bool]]:
    """Yield neighbouring rows that stand on one ground, and whether they can be joined.

    Between rows that are not, mail programs on screens with fractional pixels show the page as
    a thin line. A condition could not stand inside: it would end up in what only Outlook reads.
    """

    def kind(row: Row) -> tuple[bool, Shade]:
        look = row.settings
        is_plain = not (row.visible_if or look.background_image or look.background == "page")
        return is_plain, _ground(row, pen)

    for (is_plain, ground), group in groupby(document.rows, kind):
        rows = list(group)
        yield ground, rows, is_plain and len(rows) > 1


def _corners(document: Document) -> list[Corners]:
    """Return each row's corners: only the sheet's first and last are round."""
    inside = [row.settings.background != "page" for row in document.rows]
    radius = document.settings.radius
    corners = []
    for number, is_inside in enumerate(inside):
        is_first = is_inside and (number == 0 or not inside[number - 1])
        is_last = is_inside and (number + 1 == len(inside) or not inside[number + 1])
        corners.append(Corners(radius if is_first else 0, radius if is_last else 0))
    return corners


def _ground(row: Row, pen: Pen) -> Shade:
    if row.settings.background == "page":
        return pen.ground(pen.settings.page_color)
    return pen.ground(row.settings.background, pen.settings.sheet_color)
