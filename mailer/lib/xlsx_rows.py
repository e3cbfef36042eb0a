"""Spreadsheets as rows of text, read a row at a time."""

from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile, ZipFile

from mailer.errors import Invalid
from mailer.lib.csv_rows import LONGEST_CELL, MOST_COLUMNS, Rows, plain_cell
from mailer.lib.zip_bombs import is_bomb

#: Of a sheet, unpacked; a million rows of ten columns have half as much.
_MOST_BYTES: Final = 1_000_000_000
#: Of the texts that cells share, all of which are held in memory.
_MOST_SHARED_BYTES: Final = 200_000_000
_SHARED: Final = "xl/sharedStrings.xml"


def is_xlsx(path: Path) -> bool:
    """Whether a file is a spreadsheet in the format of today's Excel."""
    try:
        with ZipFile(path) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except (BadZipFile, OSError):
        return False


def read_sheet(path: Path) -> Rows:
    """Yield the rows of the first sheet that has any, headings first; those that are blank are left out.

    :raises Invalid: it cannot be read, or is larger than any table of people
    """
    _refuse_bomb(path)
    # Eight megabytes that nobody carries who never meets a spreadsheet.
    from openpyxl import load_workbook

    try:
        # As a file, for openpyxl judges a path by its ending.
        with path.open("rb") as file:
            book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
            for sheet in book.worksheets:
                # What a sheet says of its own size is often wrong, and may be a bomb.
                sheet.reset_dimensions()
                rows = _rows(sheet.iter_rows(values_only=True))
                first = next(rows, None)
                if first is not None:
                    yield first
                    yield from rows
                    return
    except Invalid:
        raise
    except Exception as error:  # A damaged file fails anywhere inside of openpyxl.
        raise Invalid(
            "This spreadsheet cannot be read; save it again as XLSX or as CSV, and upload that."
        ) from error
    raise Invalid("This spreadsheet is empty.")


def _rows(sheet: Iterator[tuple[Any, ...]]) -> Iterator[list[str]]:
    for number, given in enumerate(sheet, start=1):
        values = _without_empty_end(given) if len(given) > MOST_COLUMNS else given
        if len(values) > MOST_COLUMNS:
            raise Invalid(f"Row {number:,} has {len(values):,} columns; {MOST_COLUMNS} at most.")
        row = [_text(value) for value in values]
        if any(row):
            if max(map(len, row)) > LONGEST_CELL:
                raise Invalid(f"Row {number:,} has a cell of more than {LONGEST_CELL:,} characters.")
            yield row


def _without_empty_end(values: tuple[Any, ...]) -> tuple[Any, ...]:
    width = max((number for number, value in enumerate(values, start=1) if value is not None), default=0)
    return values[:width]


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case str():
            return plain_cell(value.replace("\0", ""))
        case bool():
            return "yes" if value else "no"
        case float() if value.is_integer():
            return str(int(value))
        case datetime() if value.time() == time.min:
            return value.date().isoformat()
        case datetime() | date() | time():
            return value.isoformat()
    return str(value)


def _refuse_bomb(path: Path) -> None:
    try:
        with ZipFile(path) as archive:
            members = archive.infolist()
    except BadZipFile:
        raise Invalid("This spreadsheet is damaged; save it again and upload that.") from None
    shared = sum(member.file_size for member in members if member.filename == _SHARED)
    largest = max(member.file_size for member in members)
    if largest > _MOST_BYTES or shared > _MOST_SHARED_BYTES or is_bomb(members):
        raise Invalid(
            "This spreadsheet unpacks to more than we read at once; save it as CSV and upload that."
        )
