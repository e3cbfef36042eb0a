"""What all blocks are made of: cells, their room and background, and lines of text."""

from mailer.rendering.blocks import kinds
from mailer.rendering.blocks.pen import Pen, Shade


def cell(
    block: kinds.Block,
    pen: Pen,
    ground: Shade,
    html: str,
    *,
    align: str = "left",
    style: str = "",
    classes: str = "",
) -> str:
    """Return a row of a column's table with a cell in it, around any HTML."""
    room = block.padding
    background = ""
    if block.background:
        classes += f" {pen.ground_class(ground)}"
        background = f"background-color:{ground.day};"
    return pen.raw(
        f'<tr><td class="{_classes(block, pen, classes)}" align="{align}" '
        f'style="{background}padding:{room.top}px {room.right}px {room.bottom}px {room.left}px;'
        f'word-break:break-word;{style}">{html}</td></tr>'
    )


def frame(block: kinds.Block, pen: Pen, ground: Shade, classes: str = "") -> str:
    """Return the attributes that every element of MJML in a column takes."""
    room = block.padding
    background = ""
    if block.background:
        classes += f" {pen.ground_class(ground)}"
        background = f'container-background-color="{ground.day}" '
    return (
        f'{background}css-class="{_classes(block, pen, classes)}" '
        f'padding="{room.top}px {room.right}px {room.bottom}px {room.left}px"'
    )


def missing(block: kinds.Block, pen: Pen, ground: Shade, words: str, *, room: int = 28) -> str:
    """Return what the canvas shows where something is to be chosen; a mail has nothing there."""
    if not pen.is_marked:
        return ""
    muted, line = pen.ink(None, "muted", ground), pen.ink_of_line(ground)
    return cell(
        block,
        pen,
        ground,
        f'<div class="{pen.ink_class(muted)} {pen.line_class(line)}" style="padding:{room}px 16px;'
        f"border:1px dashed {line.day};border-radius:8px;text-align:center;{font(pen, 14)};"
        f'color:{muted.day}">{words}</div>',
    )


def line_of(pen: Pen, ink: Shade, size: int, html: str, *, top: int = 0, weight: int = 400) -> str:
    """Return a line of text in a box of its own."""
    return (
        f'<div class="{pen.ink_class(ink)}" style="padding-top:{top}px;{font(pen, size)};font-weight:{weight};'
        f'color:{ink.day}">{html}</div>'
    )


def font(pen: Pen, size: int, *, line_height: float = 1.55) -> str:
    """Return the style of running text."""
    return f"font-family:{pen.font};font-size:{size}px;line-height:{line_height}"


def _classes(block: kinds.Block, pen: Pen, classes: str) -> str:
    hidden = f"no-{block.hide_on}" if block.hide_on and not pen.is_marked else ""
    return " ".join(f"{classes} {hidden} {pen.marks(block.id)}".split())
