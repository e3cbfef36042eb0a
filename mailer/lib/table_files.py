"""A table in whatever file it comes: CSV, a spreadsheet, or a zip of CSV files.

Nothing is unpacked to the disk and nothing is held in memory but the row at hand, so
that a bomb costs no more than the work until its bound.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final
from zipfile import BadZipFile, ZipFile, ZipInfo

from mailer.errors import Invalid
from mailer.lib.csv_rows import Rows, read_rows, sniff
from mailer.lib.xlsx_rows import is_xlsx, read_sheet
from mailer.lib.zip_bombs import is_bomb

#: The column in which the rows of a zip say which of its files they stood in.
PART: Final = "File"
_ZIP: Final = b"PK\x03\x04"
_OLD_OFFICE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_TEXT_ENDINGS: Final = frozenset({".csv", ".tsv", ".txt", ".tab"})
_MOST_PARTS: Final = 50
#: Unpacked, of all files of a zip together.
_MOST_BYTES: Final = 4_000_000_000


@dataclass
class Table:
    """A table that is being read.

    :param rows: what is left of it, each row as it came, of any width; close it when done
    """

    headings: list[str]
    rows: Rows
    encoding: str = ""
    delimiter: str = ""
    parts: list[str] = field(default_factory=list)


def open_table(path: Path, *, encoding: str = "") -> Table:
    """Begin to read a table; a file without headings gets some.

    :param encoding: of its text, when somebody knows; guessed when left out
    :raises Invalid: it is no table
    """
    with path.open("rb") as file:
        magic = file.read(8)
    if magic == _OLD_OFFICE:
        raise Invalid("This is a spreadsheet of Excel 97; save it as XLSX or as CSV, and upload that.")
    if not magic.startswith(_ZIP):
        return _text_table(lambda: path.open("rb"), encoding)
    if is_xlsx(path):
        headings, rows = _with_headings(read_sheet(path))
        return Table(headings, rows)
    return _zip_table(path, encoding)


def _text_table(opened: Callable[[], BinaryIO], encoding: str) -> Table:
    with opened() as file:
        dialect = sniff(file, encoding=encoding)
    headings, rows = _with_headings(read_rows(opened(), dialect))
    return Table(headings, rows, dialect.encoding, dialect.delimiter)


def _with_headings(rows: Rows) -> tuple[list[str], Rows]:
    first = next(rows, None)
    if first is None:
        raise Invalid("This file is empty.")
    if any("@" in cell for cell in first):
        # The first row is a person already.
        numbered = [f"Column {number}" for number in range(1, len(first) + 1)]
        return numbered, _closing(chain([first], rows), rows)
    return [" ".join(cell.split())[:120] for cell in first], rows


def _closing(rows: Iterable[list[str]], source: Rows) -> Rows:
    try:
        yield from rows
    finally:
        source.close()


def _zip_table(path: Path, encoding: str) -> Table:
    try:
        members = _members(path)
        tables = [_text_table(partial(_open_member, path, member), encoding) for member in members]
    except (BadZipFile, NotImplementedError, RuntimeError) as error:
        raise Invalid("This zip file is damaged or locked; pack it again without a password.") from error
    names = [PurePosixPath(member.filename).stem for member in members]
    if len(tables) == 1:
        tables[0].parts = names
        return tables[0]
    headings = list(dict.fromkeys(heading for table in tables for heading in table.headings))
    rows = _joined(tables, names, headings)
    return Table([*headings, PART], rows, tables[0].encoding, tables[0].delimiter, names)


def _members(path: Path) -> list[ZipInfo]:
    with ZipFile(path) as archive:
        members = [member for member in archive.infolist() if _is_text(member)]
    if not members:
        raise Invalid("There is no CSV file in this zip; one inside of another zip is not looked for.")
    if len(members) > _MOST_PARTS:
        raise Invalid(f"There are {len(members):,} files in this zip; {_MOST_PARTS} at most.")
    if sum(member.file_size for member in members) > _MOST_BYTES or is_bomb(members):
        raise Invalid("This zip unpacks to far more than a table of people; upload the CSV file itself.")
    return members


def _is_text(member: ZipInfo) -> bool:
    name = PurePosixPath(member.filename)
    # macOS puts its own notes beside every file.
    is_ours = "__MACOSX" not in name.parts and not name.name.startswith(".")
    return is_ours and not member.is_dir() and name.suffix.lower() in _TEXT_ENDINGS and member.file_size > 0


def _open_member(path: Path, member: ZipInfo) -> BinaryIO:
    # Reads no more than the directory says, whatever the packed bytes would make.
    with ZipFile(path) as archive:
        return archive.open(member)  # type: ignore[return-value]


def _joined(tables: Sequence[Table], names: Sequence[str], headings: list[str]) -> Rows:
    for table, name in zip(tables, names, strict=True):
        places = [headings.index(heading) for heading in table.headings]
        with closing(table.rows):
            for cells in table.rows:
                row = [""] * len(headings)
                for place, cell in zip(places, cells, strict=False):
                    row[place] = row[place] or cell
                yield [*row, name]
