"""A poster as a sheet of A4, in the look of the brand.

With the fonts that every reader of PDFs brings (ISO 32000-1, 9.6.2.2), so that a sheet
weighs some kilobytes and no font has to be there. They have the letters of western
Europe; a poster in other letters is a drawing (``poster_sheet.svg``), whose letters come
from the machine that shows and prints it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from fpdf import FPDF

from mailer.rendering.brand import Brand

#: Windows-1252, which the fonts are used with: Latin-1 and the typographer's quotes and dashes.
_LETTERS: Final = "cp1252"
_FAMILIES: Final = {"georgia": "Times", "palatino": "Times", "mono": "Courier"}
#: Millimetres.
_WIDTH, _HEIGHT, _MARGIN, _BAND, _CODE = 210, 297, 22, 14, 110
_LOGO_WIDTH, _LOGO_HEIGHT = 80, 20


@dataclass(frozen=True)
class Poster:
    """What stands on a poster.

    :param rows: the squares of the code, dark ones true, with the quiet zone around them
    :param call: what to do with it, such as “Scan with your phone”
    :param place: where it will hang; small, for whoever hangs it
    :param logo: the brand's, as PNG, JPEG or GIF
    """

    title: str
    intro: str
    rows: list[list[bool]]
    call: str
    address: str
    sender: str
    place: str = ""
    logo: bytes | None = None

    @property
    def has_its_letters(self) -> bool:
        """Whether the fonts have every letter of it."""
        words = (self.title, self.intro, self.call, self.address, self.sender, self.place)
        try:
            "".join(words).encode(_LETTERS)
        except UnicodeEncodeError:
            return False
        return True


def poster_pdf(poster: Poster, brand: Brand) -> bytes:
    """Return the sheet as PDF; :attr:`Poster.has_its_letters` has to hold."""
    sheet = FPDF(format="A4")
    sheet.core_fonts_encoding = _LETTERS
    sheet.set_auto_page_break(False)
    sheet.set_margin(_MARGIN)
    sheet.set_title(poster.title)
    sheet.set_author(poster.sender)
    sheet.add_page()
    text, heading = (_FAMILIES.get(font, "Helvetica") for font in (brand.font, brand.heading_font))
    sheet.set_fill_color(brand.accent)
    sheet.rect(0, 0, _WIDTH, _BAND, style="F")
    sheet.set_y(_BAND + 20)
    if poster.logo:
        _logo(sheet, poster.logo)
    _words(sheet, poster.title, heading, _size_of(poster.title), brand.day("heading"), style="B")
    if poster.intro:
        sheet.ln(5)
        _words(sheet, _shortened(poster.intro), text, 16, brand.day("muted"))
    _code(sheet, poster.rows)
    sheet.set_y(_HEIGHT - 62)
    _words(sheet, poster.call, text, 16, brand.day("text"), style="B")
    sheet.ln(2)
    _words(sheet, poster.address, text, 13, brand.day("text"))
    sheet.set_y(_HEIGHT - 26)
    _words(sheet, poster.sender, text, 12, brand.day("muted"))
    if poster.place:
        _words(sheet, poster.place, text, 8, brand.day("muted"))
    return bytes(sheet.output())


def _words(sheet: FPDF, words: str, family: str, size: float, color: str, *, style: str = "") -> None:
    sheet.set_font(family, style=style, size=size)
    sheet.set_text_color(color)
    sheet.multi_cell(0, size * 0.45, words, align="C", new_x="LMARGIN", new_y="NEXT")


def _logo(sheet: FPDF, picture: bytes) -> None:
    """Put the logo above the title, as large as it fits."""
    sheet.set_y(_BAND + 10)
    box = (_WIDTH / 2 - _LOGO_WIDTH / 2, sheet.get_y(), _LOGO_WIDTH, _LOGO_HEIGHT)
    sheet.image(BytesIO(picture), *box, keep_aspect_ratio=True)
    sheet.set_y(sheet.get_y() + _LOGO_HEIGHT + 6)


def _code(sheet: FPDF, rows: list[list[bool]]) -> None:
    left, top, side = (_WIDTH - _CODE) / 2, _HEIGHT - 72 - _CODE, _CODE / len(rows)
    sheet.set_fill_color(0)
    for line, row in enumerate(rows):
        for start, length in _runs(row):
            # A hair wider than it is, so that no printer leaves a gap between two.
            sheet.rect(left + start * side, top + line * side, length * side + 0.02, side + 0.02, style="F")


def _runs(row: list[bool]) -> Iterator[tuple[int, int]]:
    """Yield where dark squares begin side by side, and how many they are."""
    start = None
    for column, is_dark in enumerate([*row, False]):
        if is_dark and start is None:
            start = column
        elif not is_dark and start is not None:
            yield start, column - start
            start = None


def _size_of(title: str) -> float:
    return 40 if len(title) < 30 else 30 if len(title) < 70 else 22


def _shortened(words: str, most: int = 220) -> str:
    return words if len(words) <= most else words[:most].rsplit(" ", 1)[0] + "…"
