"""A mail that counts nothing: its links lead straight on, and it has no pixel."""

import re
from dataclasses import replace
from html import escape
from typing import Final

from mailer.rendering.design import Frozen
from mailer.rendering.language import LINK_URL, PIXEL_URL

_LINK: Final = re.compile(rf"\{{\{{\s*{LINK_URL}\((\d+)\)\s*\}}\}}")
_PIXEL: Final = re.compile(
    rf"<div>\{{%\s*if {PIXEL_URL}\s*%\}}<img [^>]*>\{{%\s*endif\s*%\}}</div>", re.IGNORECASE
)


def without_tracking(frozen: Frozen) -> Frozen:
    """Return a message whose links are the addresses themselves; there is nothing left to count."""
    html = _PIXEL.sub("", _LINK.sub(lambda found: escape(frozen.links[int(found[1])]), frozen.html))
    return replace(frozen, html=html, links=[], trap_link=None)
