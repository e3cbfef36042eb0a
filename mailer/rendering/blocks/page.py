"""A document as the HTML of a mail: document to MJML, MJML to HTML."""

import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Final

from mailer.rendering import mjml
from mailer.rendering.blocks.document import Column, Document, Row
from mailer.rendering.blocks.kinds import Footer
from mailer.rendering.blocks.parts import to_mjml
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
    html = slots.fill(mjml.render(_page(document, pen, title)))
    if pen.is_identified:
        html = _OUTLOOK_MARK.sub("", html)
        html = _MARK.sub(lambda match: f'class="{match[1]}" data-{_PARTS[match[3]]}="{match[2]}"', html)
    return _EMPTY_CLASS.sub("", html)


def _page(document: Document, pen: Pen, title: str) -> str:
    settings = document.settings
    page = pen.ground(settings.page_color)
    corners = dict(zip((row.id for row in document.rows), _corners(document), strict=True))
    rows = "".join(
        _joined(list(group), pen, corners)
        if may_join
        else "".join(_alone(row, pen, corners) for row in group)
        for may_join, group in _groups(document, pen)
    )
    room = (
        f'<div style="height:{settings.margin}px;line-height:{settings.margin}px;font-size:1px">&nbsp;</div>'
    )
    margin = pen.raw(room) if settings.margin else ""
    head = (
        '<meta name="color-scheme" content="light dark">'
        '<meta name="supported-color-schemes" content="light dark">'
    )
    return (
        f'<mjml lang="{settings.language}" dir="{settings.direction}"><mj-head>'
        f"<mj-title>{pen.words(title)}</mj-title>{pen.raw(head)}"
        f"<mj-style>{pen.slot(pen.styles(page))}</mj-style></mj-head>"
        f'<mj-body width="{settings.width}px" background-color="{page.day}" css-class="{pen.ground_class(page)}">'
        f"{margin}{rows}{margin}</mj-body></mjml>"
    )


def _groups(document: Document, pen: Pen) -> Iterator[tuple[bool, list[Row]]]:
    """Yield neighbouring rows that stand on one ground, and whether they can be joined.

    Between rows that are not, mail programs on screens with fractional pixels show the page as
    a thin line. A condition could not stand inside: it would end up in what only Outlook reads.
    """

    def kind(row: Row) -> tuple[bool, Shade]:
        look = row.settings
        is_plain = not (row.visible_if or look.background_image or look.background == "page")
        return is_plain, _ground(row, pen)

    for (is_plain, _), group in groupby(document.rows, kind):
        rows = list(group)
        yield is_plain and len(rows) > 1, rows


def _joined(rows: list[Row], pen: Pen, corners: Mapping[str, tuple[int, int]]) -> str:
    ground = _ground(rows[0], pen)
    ends = (corners[rows[0].id][0], corners[rows[-1].id][1])
    sections = "".join(_section(row, pen) for row in rows)
    return f'<mj-wrapper padding="0" {_sheet(pen, ground, ends)}>{sections}</mj-wrapper>'


def _alone(row: Row, pen: Pen, corners: Mapping[str, tuple[int, int]]) -> str:
    return pen.when(row.visible_if, _section(row, pen, corners[row.id]))


def _sheet(pen: Pen, ground: Shade, corners: tuple[int, int], classes: str = "") -> str:
    top, bottom = corners
    return (
        f'css-class="{" ".join(f"{pen.ground_class(ground)} {classes}".split())}" '
        f'background-color="{ground.day}" border-radius="{top}px {top}px {bottom}px {bottom}px"'
    )


def _corners(document: Document) -> list[tuple[int, int]]:
    """Return each row's corners above and below, in pixels: only the sheet's first and last are round."""
    inside = [row.settings.background != "page" for row in document.rows]
    radius = document.settings.radius
    corners = []
    for number, is_inside in enumerate(inside):
        is_first = is_inside and (number == 0 or not inside[number - 1])
        is_last = is_inside and (number + 1 == len(inside) or not inside[number + 1])
        corners.append((radius if is_first else 0, radius if is_last else 0))
    return corners


def _ground(row: Row, pen: Pen) -> Shade:
    if row.settings.background == "page":
        return pen.ground(pen.settings.page_color)
    return pen.ground(row.settings.background, pen.settings.sheet_color)


def _section(row: Row, pen: Pen, corners: tuple[int, int] | None = None) -> str:
    """Return a row as a section; without corners it stands on what it is joined to."""
    look, ground = row.settings, _ground(row, pen)
    classes = " ".join(f"{'row' if look.padding_side > 20 else ''} {pen.marks(row.id)}".split())
    sheet = f'css-class="{classes}"' if corners is None else _sheet(pen, ground, corners, classes)
    image = ""
    if look.background_image:
        image = f'background-url="{pen.words(look.background_image)}" background-size="cover" background-repeat="no-repeat"'
    width = pen.settings.width - 2 * look.padding_side
    columns = "".join(
        _column(column, pen, ground, width, row=row, number=number)
        for number, column in enumerate(row.columns)
    )
    if not look.is_stacked and len(row.columns) > 1:
        columns = f"<mj-group>{columns}</mj-group>"
    return (
        f"<mj-section {sheet} {image} "
        f'padding="{look.padding_top}px {look.padding_side}px {look.padding_bottom}px" '
        f'direction="{pen.settings.direction}">{columns}</mj-section>'
    )


def _column(column: Column, pen: Pen, ground: Shade, width: int, *, row: Row, number: int) -> str:
    count, gap = len(row.columns), row.settings.gap
    left = gap // 2 if number else 0
    right = gap // 2 if number + 1 < count else 0
    classes, background = [], ""
    if count > 1 and row.settings.is_stacked:
        classes.append("gap")
        if number:
            classes.append("next")
    if column.background:
        ground = pen.ground(column.background)
        classes.append(pen.column_class(ground))
        background = f'inner-background-color="{ground.day}" inner-border-radius="{column.radius}px" '
    room = width * column.width // 100 - left - right - 2 * column.padding
    blocks = "".join(to_mjml(block, pen, ground, room, beside=column.padding) for block in column.blocks)
    if pen.is_marked and not column.blocks:
        blocks = pen.raw(_room(56))
    if column.padding:
        blocks = pen.raw(_room(column.padding)) + blocks + pen.raw(_room(column.padding))
    marks = pen.marks(column.id).strip()
    return (
        f'<mj-column width="{column.width}%" vertical-align="{row.settings.align}" {background}'
        f'padding="0 {right}px 0 {left}px" css-class="{" ".join([*filter(None, classes), marks]).strip()}">'
        f"{blocks}</mj-column>"
    )


def _room(height: int) -> str:
    return f'<tr><td style="height:{height}px;font-size:1px;line-height:{height}px">&nbsp;</td></tr>'
