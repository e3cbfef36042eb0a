"""Colours that can be read on one another."""

import colorsys
from functools import lru_cache
from typing import Final

_WHITE: Final = "#ffffff"
_BLACK: Final = "#000000"
#: How much of the way is gone with each step towards a colour that can be read.
_STEP: Final = 0.08
#: A mail has a dozen colours and asks for each of them at every block.
_REMEMBERED: Final = 1_024


@lru_cache(maxsize=_REMEMBERED)
def luminance(color: str) -> float:
    """Return how light a colour is, 0 to 1 (WCAG's relative luminance).

    :param color: ``#rrggbb``
    """
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _parts(color)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 to 21; words need 4.5 (WCAG 2.2, 1.4.3)."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def text_on(color: str) -> str:
    """Return black or white, whichever reads better on a colour.

    :param color: ``#rrggbb``
    """
    return _WHITE if contrast(_WHITE, color) >= contrast(_BLACK, color) else _BLACK


def mixed(color: str, other: str, share: float) -> str:
    """Return a colour on the way to another; a share of 0 is the first, 1 the other."""
    pairs = zip(_parts(color), _parts(other), strict=True)
    return _hex(*(a + (b - a) * share for a, b in pairs))


@lru_cache(maxsize=_REMEMBERED)
def readable(color: str, on: str, *, least: float = 4.5) -> str:
    """Return a colour, made lighter or darker until it can be read on another."""
    goal, share = text_on(on), 0.0
    result = color
    while contrast(result, on) < least and share < 1:
        share = min(1.0, share + _STEP)
        result = mixed(color, goal, share)
    return result


def at_night(color: str) -> str:
    """Return a background's twin for dark mode: light ones become dark in the same hue."""
    if luminance(color) < 0.35:
        return color
    hue, lightness, saturation = colorsys.rgb_to_hls(*_parts(color))
    return _hex(*colorsys.hls_to_rgb(hue, 0.07 + (1 - lightness) * 0.35, min(saturation, 0.6) * 0.5))


def _parts(color: str) -> tuple[float, float, float]:
    return int(color[1:3], 16) / 255, int(color[3:5], 16) / 255, int(color[5:7], 16) / 255


def _hex(*parts: float) -> str:
    return "#" + "".join(f"{round(min(1.0, max(0.0, part)) * 255):02x}" for part in parts)
