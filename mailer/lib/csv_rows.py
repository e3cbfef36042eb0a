"""CSV files as people have them: of some encoding and delimiter, with cells that spreadsheets would run."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mailer.errors import Invalid

MOST_COLUMNS: Final = 200
LONGEST_CELL: Final = 10_000
_DELIMITERS: Final = ",;\t|"
_JUDGED_ROWS: Final = 50
#: What Excel and its kin take for the beginning of a formula (OWASP, CSV injection).
_FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Dialect:
    """How a file is written."""

    encoding: str
    delimiter: str


def sniff(data: bytes) -> Dialect:
    """Return how a file is written.

    :raises Invalid: it is empty, or no text
    """
    encoding = _encoding_of(data)
    text = data.decode(encoding, errors="replace")
    if not text.strip("\ufeff\r\n\t ,;|"):
        raise Invalid("This file is empty.")
    return Dialect(encoding, _delimiter_of(text))


def read_rows(path: Path, dialect: Dialect) -> Iterator[list[str]]:
    """Yield the rows that are not blank, headings first.

    :raises Invalid: a row cannot be read, with its number
    """
    with path.open(encoding=dialect.encoding, errors="replace", newline="") as file:
        yield from rows_of(file, dialect.delimiter)


def rows_of(lines: Iterable[str], delimiter: str) -> Iterator[list[str]]:
    """Yield the rows that are not blank, headings first.

    :raises Invalid: a row has too many cells, or one that is too long
    """
    reader = csv.reader(lines, delimiter=delimiter)
    number = 0
    try:
        for row in reader:
            if not any(row):
                continue
            number += 1
            if len(row) > MOST_COLUMNS:
                raise Invalid(f"Row {number:,} has {len(row):,} columns; {MOST_COLUMNS} at most.")
            if any(len(cell) > LONGEST_CELL for cell in row):
                raise Invalid(
                    f"Row {number:,} has a cell of more than {LONGEST_CELL:,} characters; "
                    "perhaps a quotation mark is never closed."
                )
            # PostgreSQL has no zero byte in a text.
            yield [plain_cell(cell.replace("\0", "")) for cell in row]
    except csv.Error as error:
        raise Invalid(f"Row {number + 1:,} cannot be read: {error}.") from None


def safe_cell(text: str) -> str:
    """Return a cell that no spreadsheet runs; :func:`plain_cell` takes the quote off again."""
    return f"'{text}" if _is_formula(text) else text


def plain_cell(text: str) -> str:
    """Return a cell as it was before :func:`safe_cell`."""
    return text[1:] if text[:1] == "'" and _is_formula(text) else text


def csv_line(cells: Iterable[str]) -> str:
    """Return one row of a file that any spreadsheet opens safely."""
    line = io.StringIO()
    csv.writer(line).writerow([safe_cell(cell) for cell in cells])
    return line.getvalue()


def _is_formula(text: str) -> bool:
    # Behind quotes too, so that a cell which brings its own comes back unchanged.
    return text.lstrip("'").startswith(_FORMULA_SIGNS)


def _encoding_of(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if data.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    if b"\0" in data or data.startswith(b"PK\x03\x04"):
        raise Invalid("This is not a CSV file. In a spreadsheet, choose “Save as” and then “CSV UTF-8”.")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _delimiter_of(text: str) -> str:
    """Return the delimiter that cuts the first rows into the most columns, most evenly."""
    sample = text[:200_000]

    def merit(delimiter: str) -> tuple[float, int]:
        widths = []
        try:
            for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter):
                if any(row):
                    widths.append(len(row))
                if len(widths) == _JUDGED_ROWS:
                    break
        except csv.Error:
            return (0, 0)
        if not widths or widths[0] == 1:
            return (0, 0)
        return (widths.count(widths[0]) / len(widths), widths[0])

    best = max(_DELIMITERS, key=merit)
    return best if merit(best) > (0, 0) else ","
