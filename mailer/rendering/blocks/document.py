"""A design as a document: settings, and rows of columns of blocks.

Version 1. A later version adds its step to ``read.UPGRADES``, so that what was saved
years ago still opens.
"""

from collections.abc import Iterator
from typing import Final, Literal, Self

from pydantic import Field, model_validator

from mailer.rendering.blocks.kinds import Block, Footer
from mailer.rendering.blocks.values import Align, Color, Condition, Language, Part, Pixels, Src, new_id

VERSION: Final = 1
MOST_ROWS: Final = 100
MOST_BLOCKS: Final = 200

#: By the key in a document: what a mail program is asked for, in order, each ending in what all have.
FONTS: Final = {
    "sans": "-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif",
    "arial": "Arial, Helvetica, sans-serif",
    "verdana": "Verdana, Geneva, sans-serif",
    "trebuchet": "'Trebuchet MS', 'Segoe UI', Tahoma, sans-serif",
    "georgia": "Georgia, 'Times New Roman', serif",
    "palatino": "'Palatino Linotype', Palatino, 'Book Antiqua', Georgia, serif",
    "mono": "Menlo, Consolas, 'Courier New', monospace",
}
#: The same, as people choose them.
FONT_NAMES: Final = {
    "sans": "The device’s own",
    "arial": "Arial",
    "verdana": "Verdana",
    "trebuchet": "Trebuchet",
    "georgia": "Georgia",
    "palatino": "Palatino",
    "mono": "Monospaced",
}
Font = Literal["sans", "arial", "verdana", "trebuchet", "georgia", "palatino", "mono"]


class Settings(Part):
    """What holds for the whole mail. What is left out follows the brand."""

    language: Language = "en"
    """A language tag (BCP 47), for screen readers and for the names of months."""
    direction: Literal["ltr", "rtl"] = "ltr"
    width: int = Field(600, ge=320, le=800)
    page_color: Color = "page"
    sheet_color: Color = "sheet"
    text_color: Color = "text"
    heading_color: Color = "heading"
    link_color: Color = "link"
    font: Font | None = None
    heading_font: Font | None = None
    font_size: int = Field(16, ge=12, le=22)
    line_height: float = Field(1.6, ge=1.1, le=2.2)
    radius: Pixels = 12
    """Of the sheet's corners."""
    margin: Pixels = 24
    """Above and below the sheet."""


class RowSettings(Part):
    """How a row looks."""

    background: Color | None = None
    """Left out, the sheet's; ``page`` makes it stand outside of the sheet."""
    background_image: Src = ""
    padding_top: Pixels = 16
    padding_bottom: Pixels = 16
    padding_side: Pixels = 32
    gap: Pixels = 16
    """Between columns."""
    is_stacked: bool = True
    """Whether the columns stand below one another on narrow screens."""
    align: Literal["top", "middle", "bottom"] = "top"


class Column(Part):
    """Blocks below one another."""

    id: str = Field(default_factory=lambda: new_id("col"), pattern=r"^col_[0-9a-z]{4,32}$")
    width: int = Field(100, ge=10, le=100)
    """Per cent of the row."""
    background: Color | None = None
    padding: Pixels = 0
    radius: Pixels = 0
    blocks: tuple[Block, ...] = ()


class Row(Part):
    """Columns beside one another."""

    id: str = Field(default_factory=lambda: new_id("row"), pattern=r"^row_[0-9a-z]{4,32}$")
    settings: RowSettings = RowSettings()
    visible_if: Condition = ""
    columns: tuple[Column, ...] = Field(max_length=4)

    @model_validator(mode="after")
    def _fill_the_row(self) -> Self:
        if sum(column.width for column in self.columns) != 100:
            raise ValueError("a row has columns, and their widths make 100 per cent")
        return self


class Document(Part):
    """A design."""

    version: Literal[1] = 1
    settings: Settings = Settings()
    rows: tuple[Row, ...] = Field((), max_length=MOST_ROWS)

    @model_validator(mode="after")
    def _keep_ids_apart(self) -> Self:
        blocks = [block.id for block in self.blocks()]
        if len(blocks) > MOST_BLOCKS:
            raise ValueError(f"a design has {MOST_BLOCKS} blocks at most")
        rows = [row.id for row in self.rows]
        columns = [column.id for row in self.rows for column in row.columns]
        seen: set[str] = set()
        for identifier in rows + columns + blocks:
            if identifier in seen:
                raise ValueError(f"the id {identifier} stands twice")
            seen.add(identifier)
        return self

    def blocks(self) -> Iterator[Block]:
        """Yield every block, in the order in which it is read."""
        for row in self.rows:
            for column in row.columns:
                yield from column.blocks

    @property
    def has_footer(self) -> bool:
        """Whether a reader can always leave: a footer that no condition and no width hides."""
        return any(
            isinstance(block, Footer) and not block.visible_if and not row.visible_if and not block.hide_on
            for row in self.rows
            for column in row.columns
            for block in column.blocks
        )


__all__ = ["FONTS", "Align", "Column", "Document", "Font", "Row", "RowSettings", "Settings"]
