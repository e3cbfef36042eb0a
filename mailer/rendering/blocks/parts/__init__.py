"""Each block as MJML: one function for each kind.

MJML writes what mail programs quarrel about (sections, columns, images, Outlook);
blocks that it knows nothing of are table cells of our own, inside ``mj-raw``.
"""

from collections.abc import Callable
from typing import Any, Final

from mailer.rendering.blocks import kinds
from mailer.rendering.blocks.parts import buttons, entries, pictures, words
from mailer.rendering.blocks.pen import Pen, Shade

_PARTS: Final[dict[str, Callable[[Any, Pen, Shade, int], str]]] = {
    "text": words.text,
    "heading": words.heading,
    "image": pictures.image,
    "button": buttons.button,
    "divider": buttons.divider,
    "spacer": buttons.spacer,
    "social": buttons.social,
    "video": pictures.video,
    "html": words.html,
    "quote": words.quote,
    "items": entries.items,
    "coupon": entries.coupon,
    "date": entries.date,
    "product": entries.product,
    "logo": pictures.logo,
    "content": words.content,
    "footer": words.footer,
}


def to_mjml(block: kinds.Block, pen: Pen, ground: Shade, width: int, *, beside: int = 0) -> str:
    """Return a block as MJML, with its condition around it.

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
    return pen.when(block.visible_if, _PARTS[block.type](block, pen, ground, inner))
