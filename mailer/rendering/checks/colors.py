"""Colours of a mail: reading them, laying one over another, and whether words can be read on them.

Luminance and contrast are those of WCAG 2.2 (success criterion 1.4.3).
"""

import colorsys
from dataclasses import dataclass
from typing import Final

from tinycss2.color3 import parse_color

#: What WCAG asks for, level AA.
ENOUGH: Final = 4.5
ENOUGH_FOR_LARGE: Final = 3.0


@dataclass(frozen=True)
class Color:
    """Red, green and blue from 0 to 1."""

    red: float
    green: float
    blue: float

    def __str__(self) -> str:
        return "#" + "".join(f"{round(c * 255):02x}" for c in (self.red, self.green, self.blue))

    @property
    def luminance(self) -> float:
        """How bright it looks, from 0 to 1."""
        red, green, blue = (
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
            for c in (self.red, self.green, self.blue)
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue


WHITE: Final = Color(1.0, 1.0, 1.0)
BLACK: Final = Color(0.0, 0.0, 0.0)


def read_color(text: str, *, over: Color = WHITE) -> Color | None:
    """Return a colour as it looks over another; none when it is no colour or wholly transparent."""
    parsed = parse_color(text.strip())
    if parsed is None or isinstance(parsed, str) or parsed.alpha == 0:
        return None
    channels = zip(parsed[:3], (over.red, over.green, over.blue), strict=True)
    return Color(*(above * parsed.alpha + below * (1 - parsed.alpha) for above, below in channels))


def contrast(one: Color, other: Color) -> float:
    """Return the contrast of two colours, from 1 to 21."""
    darker, lighter = sorted((one.luminance, other.luminance))
    return (lighter + 0.05) / (darker + 0.05)


def readable(color: Color, on: Color, *, wanted: float = ENOUGH) -> Color:
    """Return the colour of the same hue, nearest to this one, that can be read on another."""
    hue, lightness, saturation = colorsys.rgb_to_hls(color.red, color.green, color.blue)
    for step in range(1, 101):
        for nearer in (lightness - step / 100, lightness + step / 100):
            if not 0 <= nearer <= 1:
                continue
            # As it will be written: rounding to eight bits may cost the last hundredth.
            tried = read_color(str(Color(*colorsys.hls_to_rgb(hue, nearer, saturation))))
            if tried and contrast(tried, on) >= wanted:
                return tried
    return BLACK if contrast(BLACK, on) >= contrast(WHITE, on) else WHITE
