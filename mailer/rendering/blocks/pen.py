"""What blocks are written with: covered words, colours for day and night, the styles they need.

A colour is worked out for the ground that it stands on, in daylight and in dark mode,
so that a design which says nothing can always be read. Only mail programs that ask
(``prefers-color-scheme``) get the night: the others invert colours by themselves.
"""

from dataclasses import dataclass
from html import escape
from typing import Final

from mailer.lib.colors import at_night, contrast, mixed, readable, text_on
from mailer.rendering.blocks.document import FONTS, Document
from mailer.rendering.brand import READABLE, Brand
from mailer.rendering.language import Tag
from mailer.rendering.mjml import Slots
from mailer.rendering.shield import Shield

_NARROW: Final = 480
#: The contrast with which a button stands out from its ground.
_SEEN: Final = 1.6


@dataclass(frozen=True)
class Shade:
    """A colour by day and by night, ``#rrggbb``."""

    day: str
    night: str


class Pen:
    """Writes one document.

    :param content: covered HTML, for where a campaign's words go
    :param is_marked: whether it is for the composer's canvas: every part says which it is, and what is
        empty shows where it stands
    :param is_identified: whether every part says which it is, and is otherwise as a reader gets it
    """

    def __init__(
        self,
        document: Document,
        brand: Brand,
        *,
        shield: Shield,
        slots: Slots,
        content: str = "",
        is_marked: bool = False,
        is_identified: bool = False,
    ) -> None:
        self.settings = document.settings
        self.brand = brand
        self.content = content
        self.is_marked = is_marked
        self.is_identified = is_marked or is_identified
        self.font = FONTS[self.settings.font or brand.font]
        self.heading_font = FONTS[self.settings.heading_font or brand.heading_font]
        self._shield = shield
        self._slots = slots
        self._classes: dict[tuple[str, Shade], str] = {}

    def words(self, text: str) -> str:
        """Return plain words as HTML, for an element or an attribute."""
        return escape(self._shield.cover(text))

    def lines(self, text: str) -> str:
        """Return plain words over several lines as HTML."""
        return self.words(text).replace("\n", "<br>")

    def rich(self, html: str) -> str:
        """Return HTML with its tags covered."""
        return self._shield.cover(html)

    def tag(self, text: str) -> str:
        """Return the word for a merge tag of our own."""
        return self._shield.word(Tag(text, 0))

    def raw(self, html: str) -> str:
        """Return HTML as MJML takes it: as it is."""
        return f"<mj-raw>{self._slots.keep(html)}</mj-raw>"

    def slot(self, html: str) -> str:
        """Return the word for HTML inside an element of MJML."""
        return self._slots.keep(html)

    def when(self, condition: str, mjml: str) -> str:
        """Return MJML that only those see about whom a condition is true."""
        if not condition:
            return mjml
        return self.raw(self.tag(f"{{% if {condition} %}}")) + mjml + self.raw(self.tag("{% endif %}"))

    def ground(self, color: str | None, role: str = "sheet") -> Shade:
        """Return a background; left out, that of a role."""
        color = color or role
        if color == "page" and self.settings.page_color.startswith("#"):
            color = self.settings.page_color
        if color.startswith("#"):
            return Shade(color, at_night(color))
        return Shade(self.brand.day(color), self.brand.night(color))

    def ink(self, color: str | None, role: str, on: Shade) -> Shade:
        """Return what is written on a background; left out, a role's colour, made to be read there."""
        chosen = color or role
        if chosen.startswith("#"):
            return Shade(chosen if color else _written(chosen, on.day), readable(chosen, on.night))
        by_day, by_night = self.brand.day(chosen), self.brand.night(chosen)
        if color:
            return Shade(by_day, readable(by_night, on.night))
        is_quiet = role == "muted"
        return Shade(
            _written(by_day, on.day, is_quiet=is_quiet), _written(by_night, on.night, is_quiet=is_quiet)
        )

    def fill(self, color: str | None, role: str, on: Shade) -> tuple[Shade, Shade]:
        """Return the background of a button, which stands out from its ground, and the ink for its words."""
        by_day = self.ground(color, role).day
        if not color and contrast(by_day, on.day) < _SEEN:
            by_day = text_on(on.day)
        by_night = readable(by_day, on.night, least=_SEEN)
        writing = self.brand.day("on_accent") if by_day == self.brand.accent else text_on(by_day)
        night_writing = writing if by_night == by_day else text_on(by_night)
        return Shade(by_day, by_night), Shade(writing, night_writing)

    def ink_class(self, shade: Shade) -> str:
        """Return the class of an element that is written in a colour."""
        return self._class("i", shade)

    def ground_class(self, shade: Shade) -> str:
        """Return the class of an element that has a background."""
        return self._class("g", shade)

    def column_class(self, shade: Shade) -> str:
        """Return the class of a column that has a background, inside of its gap."""
        return self._class("c", shade)

    def line_class(self, shade: Shade) -> str:
        """Return the class of an element whose edge has a colour."""
        return self._class("l", shade)

    def link_class(self, on: Shade) -> str:
        """Return the class of an element whose links are to be seen on a background."""
        return self._class("k", self.ink(None, self.settings.link_color, on), always=True)

    def marks(self, identifier: str) -> str:
        """Return the class that says which part this is, when the composer asks."""
        return f" {identifier}" if self.is_identified else ""

    def styles(self, page: Shade) -> str:
        """Return the style sheet for everything that was written so far."""
        accent, on_accent = self.fill(None, "accent", self.ground(None))
        sheet = self.ground(self.settings.sheet_color)
        line, heading = self.ink_of_line(sheet), self.ink(None, self.settings.heading_color, sheet)
        muted = self.ink(None, "muted", sheet)
        always = [
            ".words p,.words ul,.words ol,.words blockquote{margin:0 0 16px}",
            ".words ul,.words ol{padding:0 0 0 24px}.words li{margin:0 0 6px}",
            ".words h1,.words h2,.words h3,.words h4{margin:28px 0 10px;line-height:1.3;font-weight:700;"
            f"font-family:{self.heading_font};color:{heading.day}}}",
            ".words h1{font-size:28px}.words h2{font-size:22px}.words h3{font-size:18px}.words h4{font-size:16px}",
            ".words>div>:first-child{margin-top:0}.words>div>:last-child{margin-bottom:0}",
            f".words blockquote{{padding:2px 0 2px 16px;border-left:3px solid {accent.day};color:{muted.day}}}",
            f".words hr{{margin:24px 0;border:0;border-top:1px solid {line.day}}}",
            ".words img{max-width:100%;height:auto;border:0}",
            f".words th,.words table td{{padding:6px 12px 6px 0;text-align:left;border-bottom:1px solid {line.day}}}",
            f".words a.button{{display:inline-block;padding:12px 24px;border-radius:8px;background-color:{accent.day};"
            f"color:{on_accent.day};font-weight:600;text-decoration:none}}",
            ".no-desktop{display:none;mso-hide:all}",
        ]
        night = [
            f"body{{background-color:{page.night} !important}}",
            f".words h1,.words h2,.words h3,.words h4{{color:{heading.night} !important}}",
            f".words blockquote{{color:{muted.night} !important}}",
            f".words hr,.words th,.words table td{{border-color:{line.night} !important}}",
        ]
        for (kind, shade), name in self._classes.items():
            if kind == "k":
                always.append(f".{name} a{{color:{shade.day}}}")
            if shade.day != shade.night:
                night.append(_AT_NIGHT[kind].format(name=name, color=shade.night))
        night.append(
            f".words a.button{{background-color:{accent.night} !important;color:{on_accent.night} !important}}"
        )
        narrow = [
            ".row>table>tbody>tr>td{padding-left:20px !important;padding-right:20px !important}",
            ".gap>table>tbody>tr>td{padding-left:0 !important;padding-right:0 !important}",
            ".next{padding-top:16px !important}",
            ".big>div{font-size:28px !important;line-height:1.2 !important}",
            ".thumb,.thumb img{width:88px !important}",
            ".no-mobile{display:none !important}",
            ".no-desktop{display:table-cell !important}",
        ]
        return "\n".join(
            [
                *always,
                f"@media (max-width:{_NARROW - 1}px){{{''.join(narrow)}}}",
                f"@media (prefers-color-scheme:dark){{{''.join(night)}}}",
            ]
        )

    def ink_of_line(self, on: Shade) -> Shade:
        """Return the colour of a thin line on a background: seen, but not loud."""
        role = self.ground("line")
        return Shade(readable(role.day, on.day, least=1.15), readable(role.night, on.night, least=1.25))

    def _class(self, kind: str, shade: Shade, *, always: bool = False) -> str:
        if shade.day == shade.night and not always:
            return ""
        return self._classes.setdefault((kind, shade), f"{kind}{len(self._classes)}")


def _written(ink: str, on: str, *, is_quiet: bool = False) -> str:
    """Return an ink, or where it could not be read on a background, black or white."""
    if contrast(ink, on) >= READABLE:
        return ink
    return readable(mixed(text_on(on), on, 0.3), on) if is_quiet else text_on(on)


#: Inks stand on a cell or on the element that MJML puts into it; grounds on a section and its table.
_AT_NIGHT: Final = {
    "i": ".{name},.{name}>div{{color:{color} !important}}",
    "c": ".{name}>table>tbody>tr>td>table{{background:{color} !important;background-color:{color} !important}}",
    "g": ".{name},.{name}>table{{background:{color} !important;background-color:{color} !important}}",
    "l": ".{name},.{name}>p{{border-color:{color} !important}}",
    "k": ".{name} a{{color:{color} !important}}",
}
