"""The templates that mails are drawn by (``templates/rendering``): a page, and one for each kind of block.

MJML writes what mail programs quarrel about (sections, columns, images, Outlook);
blocks that it knows nothing of are table cells of our own, inside ``mj-raw``.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.ext import Extension
from markupsafe import Markup

from mailer.rendering.blocks import kinds
from mailer.rendering.blocks.document import Column, Row
from mailer.rendering.blocks.pen import Pen, Shade

_FOLDERS: Final = [Path(__file__).parents[3] / "templates" / "rendering"]
#: Below it, rows are taken apart and headlines made smaller; in pixels.
_NARROW: Final = 480
#: Two attributes, or two words.
_APART: Final = re.compile(r"""(?:(?<=[^=]")|(?<=\w))\n\s*(?=\w)""")


@dataclass(frozen=True)
class Corners:
    """How round a row is above and below, in pixels."""

    top: int
    bottom: int


@dataclass(frozen=True)
class Stretch:
    """Neighbouring rows that are joined, or one that stands alone."""

    rows: tuple[Row, ...]
    ground: Shade
    corners: Corners
    is_joined: bool


def page(pen: Pen, stretches: Iterable[Stretch], title: str) -> str:
    """Return a document as MJML.

    :param stretches: its rows, as they are joined
    :param title: what screen readers announce
    """
    template = _templates().get_template("page.mjml")
    return template.render(pen=pen, stretches=stretches, title=title)


def _drawn(block: kinds.Block, pen: Pen, ground: Shade, width: int, *, beside: int) -> Markup:
    """Return a block as MJML.

    :param ground: what it stands on
    :param width: pixels that it may take
    :param beside: pixels that its column keeps free on both sides
    """
    if block.background:
        ground = pen.ground(block.background)
    inner = max(40, width - block.padding.left - block.padding.right)
    if beside:
        room = {"left": block.padding.left + beside, "right": block.padding.right + beside}
        block = block.model_copy(update={"padding": block.padding.model_copy(update=room)})
    template = _templates().get_template(f"blocks/{block.type}.mjml")
    drawn = template.render(block=block, pen=pen, ground=ground, width=inner)
    return Markup(drawn)  # noqa: S704  - the template has escaped what it was given


def _shown(columns: Sequence[Column], pen: Pen, ground: Shade) -> Sequence[Column]:
    """Return the columns of a row that a mail has: one that waits to be filled leaves its room to the others.

    A column without blocks is there on purpose, and the canvas shows all of them.

    :param ground: what they stand on
    """
    if pen.is_marked or len(columns) == 1:
        return columns
    shown = [each for each in columns if not each.blocks or each.background or _says(each, pen, ground)]
    if not shown or len(shown) == len(columns):
        return columns
    *others, last = shown
    room = sum(column.width for column in shown)
    widths = [column.width * 100 // room for column in others]
    return [
        column.model_copy(update={"width": width})
        for column, width in zip((*others, last), (*widths, 100 - sum(widths)), strict=True)
    ]


def _says(column: Column, pen: Pen, ground: Shade) -> bool:
    """Whether any of a column's blocks draws something."""
    return any(_drawn(block, pen, ground, _NARROW, beside=0) for block in column.blocks)


def _small_button(block: kinds.Coupon | kinds.Date | kinds.Product) -> kinds.Button:
    return kinds.Button(label=block.label, href=block.href, size="small")


class _Unbroken(Extension):
    """Lets templates of MJML break their lines anywhere, and keeps the white space out of the mail.

    Between cells and blocks it would be seen, and every byte of a mail is sent to everybody.
    """

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """Join the lines of a template, with a space between attributes and between words."""
        if name is None or not name.endswith(".mjml"):
            return source
        return re.sub(r"\n\s*", "", _APART.sub(" ", source))


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_FOLDERS),
        extensions=[_Unbroken],
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        auto_reload=False,
    )
    environment.globals.update(
        drawn=_drawn,
        narrow=_NARROW,
        network_names=kinds.NETWORK_NAMES,
        shown=_shown,
        small_button=_small_button,
    )
    return environment
