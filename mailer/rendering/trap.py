"""The link that only machines follow: how scanners of links give themselves away."""

from dataclasses import replace
from typing import Final

from mailer.rendering.design import Frozen
from mailer.rendering.language import LINK_URL

#: Neither eyes nor screen readers nor the tab key find it, and no text part has it.
_TRAP: Final = (
    '<div aria-hidden="true" style="display:none;max-height:0;overflow:hidden;mso-hide:all">'
    '<a href="{{{{ {name}({number}) }}}}" tabindex="-1"></a></div>'
)


def with_trap(frozen: Frozen) -> Frozen:
    """Return a message with a hidden link at its end.

    It leads where the first link leads: whoever follows it by mistake lands well. Without
    any link that is counted there is nothing to guard.
    """
    before, end, after = frozen.html.rpartition("</body>")
    if not frozen.links or not end:
        return frozen
    number = len(frozen.links)
    trap = _TRAP.format(name=LINK_URL, number=number)
    return replace(
        frozen, html=before + trap + end + after, links=[*frozen.links, frozen.links[0]], trap_link=number
    )
