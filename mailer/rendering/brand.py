"""How a workspace looks in every mail: colours by their part, fonts, a logo."""

from dataclasses import dataclass, field
from typing import Final

from mailer.lib.colors import contrast, luminance, readable, text_on

#: By role, where the brand says nothing: in daylight, and in dark mode.
_DAY: Final = {
    "heading": "#16171a",
    "text": "#33363e",
    "muted": "#5f636d",
    "line": "#e4e6eb",
    "sheet": "#ffffff",
    "page": "#f2f3f6",
}
_NIGHT: Final = {
    "heading": "#ffffff",
    "text": "#d9dbe1",
    "muted": "#a2a6b0",
    "line": "#383b43",
    "sheet": "#1d1f24",
    "page": "#131417",
}

#: The contrast that words need (WCAG 2.2, 1.4.3).
READABLE: Final = 4.5


@dataclass(frozen=True)
class Brand:
    """What designs follow where they say nothing themselves.

    :param accent: the colour of buttons and of what should be seen first
    :param colors: other colours by role, ``#rrggbb``; those left out are ours
    :param font: a key of ``blocks.document.FONTS``
    """

    accent: str = "#3b5bdb"
    colors: dict[str, str] = field(default_factory=dict, hash=False)
    font: str = "sans"
    heading_font: str = "sans"
    logo_src: str = ""
    logo_alt: str = ""
    logo_href: str = ""
    logo_width: int = 120

    def day(self, role: str) -> str:
        """Return the colour that plays a part, ``#rrggbb``."""
        if role == "accent":
            return self.accent
        if role == "on_accent":
            return self.colors.get(role) or text_on(self.accent)
        if role == "link" and not self.colors.get(role):
            return readable(self.accent, self.day("sheet"))
        return self.colors.get(role) or _DAY[role]

    def night(self, role: str) -> str:
        """Return its twin for dark mode."""
        if role in {"accent", "on_accent"}:
            return self.day(role)
        if role == "link":
            return readable(self.day("link"), _NIGHT["sheet"], least=6)
        if role in {"page", "sheet"} and luminance(self.day(role)) < 0.2:
            return self.day(role)
        return _NIGHT[role]

    def weak_pairs(self) -> list[tuple[str, str, float]]:
        """Return the pairs of roles that cannot be told apart well enough, with their contrast."""
        wanted = (
            *(("text", "sheet"), ("heading", "sheet"), ("muted", "sheet"), ("link", "sheet")),
            *(("on_accent", "accent"), ("muted", "page")),
        )
        found = [(one, on, contrast(self.day(one), self.day(on))) for one, on in wanted]
        return [(one, on, ratio) for one, on, ratio in found if ratio < READABLE]
