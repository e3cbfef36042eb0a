"""CSV files as people have them: of any encoding and quoting, with cells that spreadsheets would run."""

import codecs
import csv
import io
import re
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final, TextIO

from charset_normalizer import from_bytes

from mailer.errors import Invalid

#: Rows that are read one by one; to close them closes their file.
Rows = Generator[list[str], None, None]

MOST_COLUMNS: Final = 500
LONGEST_CELL: Final = 10_000
#: In characters. A longer line is no table, and would be held in memory at once.
LONGEST_LINE: Final = 1_000_000
#: What is read when nothing else fits: every byte is some letter in it.
LAST_RESORT: Final = "cp1252"
_DELIMITERS: Final = ",;\t|"
_JUDGED_ROWS: Final = 50
_JUDGED_BYTES: Final = 256 * 1024
#: So many letters beyond ASCII tell one 8-bit encoding from another; fewer are guesses.
_TELLING_LETTERS: Final = 40
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: What Excel and its kin take for the beginning of a formula (OWASP, CSV injection).
_FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r")
#: Excel's word to itself about the delimiter, in a line of its own before the headings.
_HINT: Final = re.compile(r"sep=(.)\s*\Z")
_NO_TEXT: Final = (
    "This is neither a CSV file nor a spreadsheet that we can read. "
    "Open it where it comes from, choose “Save as” and then “CSV UTF-8”."
)


@dataclass(frozen=True)
class Dialect:
    """How a file is written.

    :param escape: what stands before a quote inside a cell, when the quote is not doubled
    """

    encoding: str
    delimiter: str
    quote: str = '"'
    escape: str = ""


def sniff(file: BinaryIO, *, encoding: str = "") -> Dialect:
    """Return how a file is written, from its beginning.

    :param encoding: in which somebody says that it is
    :raises Invalid: it is empty, or no text
    """
    head = file.read(_JUDGED_BYTES)
    encoding = encoding or _encoding_of(head)
    text = codecs.getincrementaldecoder(encoding)(errors="replace").decode(head)
    if not text.strip("\ufeff\r\n\t ,;|"):
        raise Invalid("This file is empty.")
    quote, escape = _quoting_of(text)
    hint = _HINT.match(text.lstrip("\ufeff").split("\n", 1)[0])
    delimiter = hint[1] if hint else _delimiter_of(text, quote, escape)
    return Dialect(encoding, delimiter, quote, escape)


def read_rows(file: BinaryIO, dialect: Dialect) -> Rows:
    """Yield the rows that are not blank, headings first.

    :raises Invalid: a row cannot be read, with its number
    :raises UnicodeDecodeError: the encoding turns out to be another one
    """
    errors = "replace" if dialect.encoding == LAST_RESORT else "strict"
    with io.TextIOWrapper(file, encoding=dialect.encoding, errors=errors, newline="") as text:
        yield from rows_of(_lines(text), dialect)


def rows_of(lines: Iterable[str], dialect: Dialect) -> Rows:
    """Yield the rows that are not blank, headings first.

    :raises Invalid: a row has too many cells, or one that is too long
    """
    reader = csv.reader(
        lines, delimiter=dialect.delimiter, quotechar=dialect.quote, escapechar=dialect.escape or None
    )
    number = 0
    try:
        for row in reader:
            if not any(row) or (number == 0 and len(row) <= 2 and _HINT.match(dialect.delimiter.join(row))):
                continue
            number += 1
            if len(row) > MOST_COLUMNS:
                raise Invalid(f"Row {number:,} has {len(row):,} columns; {MOST_COLUMNS} at most.")
            if max(map(len, row)) > LONGEST_CELL:
                raise Invalid(
                    f"Row {number:,} has a cell of more than {LONGEST_CELL:,} characters; "
                    "perhaps a quotation mark is never closed."
                )
            # PostgreSQL has no zero byte in a text.
            yield [plain_cell(cell.replace("\0", "")) if cell else "" for cell in row]
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


def _lines(text: TextIO) -> Iterator[str]:
    number = 0
    while line := text.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise Invalid(f"Line {number:,} has more than {LONGEST_LINE:,} characters; this is no table.")
        yield line


def _is_formula(text: str) -> bool:
    # Behind quotes too, so that a cell which brings its own comes back unchanged.
    return text.lstrip("'").startswith(_FORMULA_SIGNS)


def _encoding_of(head: bytes) -> str:
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    if b"\0" in head:
        return _wide_encoding_of(head)
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return _narrow_encoding_of(head)
    return "utf-8"


def _wide_encoding_of(head: bytes) -> str:
    """Tell UTF-16 without its mark: every other byte of Latin text is zero."""
    sample = head[:4096]
    for encoding, zeros in (("utf-16-le", sample[1::2]), ("utf-16-be", sample[::2])):
        is_even = len(head) % 2 == 0
        if is_even and zeros.count(0) > 0.6 * len(zeros) and sample.count(0) < 0.6 * len(sample):
            return encoding
    raise Invalid(_NO_TEXT)


def _narrow_encoding_of(head: bytes) -> str:
    letters = len(head) - len(head.translate(None, bytes(range(128, 256))))
    if letters < _TELLING_LETTERS:
        return LAST_RESORT
    # Only the lines that tell something; what is left of a long file is ASCII.
    telling = b"\n".join(line for line in head.splitlines() if not line.isascii())[:32_768]
    best = from_bytes(telling).best()
    return best.encoding if best is not None else LAST_RESORT


def _quoting_of(text: str) -> tuple[str, str]:
    sample = text[:_JUDGED_BYTES]
    double = len(re.findall(r'(?:^|[,;\t|])"', sample, re.MULTILINE))
    single = len(re.findall(r"(?:^|[,;\t|])'[^'\r\n]*'(?=[,;\t|\r\n])", sample, re.MULTILINE))
    quote = "'" if single > double and single >= 2 else '"'
    # A quote behind a backslash, with more of the cell after it.
    is_escaped = re.search(rf"\\{quote}[^,;\t|\r\n]", sample) is not None
    return quote, "\\" if is_escaped else ""


def _delimiter_of(text: str, quote: str, escape: str) -> str:
    """Return the delimiter that cuts the first rows into the most columns, most evenly."""
    sample = text[:200_000]

    def merit(delimiter: str) -> tuple[float, int]:
        widths = []
        lines = io.StringIO(sample, newline="")
        try:
            for row in csv.reader(lines, delimiter=delimiter, quotechar=quote, escapechar=escape or None):
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
