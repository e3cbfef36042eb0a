"""What blocks are written with: covered words, colours for day and night, the classes they need.

The templates in ``templates/rendering`` escape what they are given; what comes from here as ``Markup``
is HTML already.

A colour is worked out for the ground that it stands on, in daylight and in dark mode,
so that a design which says nothing can always be read. Only mail programs that ask
(``prefers-color-scheme``) get the night: the others invert colours by themselves.
"""

from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Final

from markupsafe import Markup

from mailer.lib.colors import at_night, contrast, mixed, readable, text_on
from mailer.rendering.blocks.days import day_in
from mailer.rendering.blocks.document import FONTS, Document
from mailer.rendering.blocks.kinds import Block
from mailer.rendering.brand import READABLE, Brand
from mailer.rendering.language import Tag
from mailer.rendering.mjml import Slots
from mailer.rendering.shield import Shield

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
        self.content = Markup(content)
        self.is_marked = is_marked
        self.is_identified = is_marked or is_identified
        self.font = Markup(FONTS[self.settings.font or brand.font])
        self.heading_font = Markup(FONTS[self.settings.heading_font or brand.heading_font])
        self._shield = shield
        self._slots = slots
        self._classes: dict[tuple[str, Shade], str] = {}

    def words(self, text: str) -> Markup:
        """Return plain words as HTML, for an element or an attribute."""
        return Markup(escape(self._shield.cover(text)))

    def lines(self, text: str) -> Markup:
        """Return plain words over several lines as HTML."""
        return self.words(text).replace("\n", Markup("<br>"))

    def rich(self, html: str) -> Markup:
        """Return HTML with its tags covered."""
        return Markup(self._shield.cover(html))

    def day(self, day: date, pattern: str) -> str:
        """Return a day in the words of the document's language."""
        return day_in(self.settings.language, day, pattern)

    def tag(self, text: str) -> Markup:
        """Return the word for a merge tag of our own."""
        return Markup(self._shield.word(Tag(text, 0)))

    def value(self, name: str) -> Markup:
        """Return the word for a merge tag that says a value."""
        return self.tag(f"{{{{ {name} }}}}")

    def slot(self, html: str) -> Markup:
        """Return the word for HTML inside an element of MJML."""
        return Markup(self._slots.keep(html))

    def when(self, condition: str, mjml: Markup) -> Markup:
        """Return MJML that only those see about whom a condition is true."""
        if not condition:
            return mjml
        begin, end = (self.slot(self.tag(tag)) for tag in (f"{{% if {condition} %}}", "{% endif %}"))
        return Markup("<mj-raw>{}</mj-raw>{}<mj-raw>{}</mj-raw>").format(begin, mjml, end)

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

    def ink_of_line(self, on: Shade) -> Shade:
        """Return the colour of a thin line on a background: seen, but not loud."""
        role = self.ground("line")
        return Shade(readable(role.day, on.day, least=1.15), readable(role.night, on.night, least=1.25))

    def line(self, color: str | None, on: Shade) -> Shade:
        """Return the colour of a line between blocks; left out, that of a thin one."""
        if not color:
            return self.ink_of_line(on)
        return Shade(self.ground(color).day, self.ink(color, "line", on).night)

    def unchanging(self, color: str) -> Shade:
        """Return a colour that is the same by day and by night."""
        day = self.ground(color).day
        return Shade(day, day)

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

    def mark(self, identifier: str) -> str:
        """Return the class that says which part this is, when the composer asks."""
        return identifier if self.is_identified else ""

    def joined(self, *classes: str) -> str:
        """Return several classes, of which some may be empty, as one attribute."""
        return " ".join(filter(None, classes))

    def classes_of(self, block: Block, ground: Shade, *classes: str) -> str:
        """Return the classes of a block: of its looks, of its own ground, where it is hidden, which it is."""
        own = self.ground_class(ground) if block.background else ""
        hidden = f"no-{block.hide_on}" if block.hide_on and not self.is_marked else ""
        return self.joined(*classes, own, hidden, self.mark(block.id))

    def classes(self) -> list[tuple[str, Shade, str]]:
        """Return every class of a colour that was written so far: its kind, its colour and its name.

        A kind is ``i`` (ink), ``g`` (ground), ``c`` (a column's ground), ``l`` (line) or ``k`` (links).
        """
        return [(kind, shade, name) for (kind, shade), name in self._classes.items()]

    def _class(self, kind: str, shade: Shade, *, always: bool = False) -> str:
        if shade.day == shade.night and not always:
            return ""
        return self._classes.setdefault((kind, shade), f"{kind}{len(self._classes)}")


def _written(ink: str, on: str, *, is_quiet: bool = False) -> str:
    """Return an ink, or where it could not be read on a background, black or white."""
    if contrast(ink, on) >= READABLE:
        return ink
    return readable(mixed(text_on(on), on, 0.3), on) if is_quiet else text_on(on)
