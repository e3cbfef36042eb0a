"""Files that are made to fill the memory end in a sentence, long before they do."""

import io
import tracemalloc
from contextlib import closing
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from mailer.errors import Invalid
from mailer.lib.csv_rows import Dialect, read_rows
from mailer.lib.table_files import open_table

GIGABYTE = 1_000_000_000
MOST_MEMORY = 40_000_000
PLAIN = Dialect("utf-8", ",")


class Stream(io.RawIOBase):
    """A file of one gigabyte that is made while it is read."""

    def __init__(self, filling: bytes, beginning: bytes) -> None:
        self.filling, self.beginning, self.given = filling, beginning, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        size = min(len(buffer), GIGABYTE - self.given)
        buffer[:size] = (self.filling * (size // len(self.filling) + 1))[:size]
        if not self.given:
            buffer[: len(self.beginning)] = self.beginning
        self.given += size
        return size


@pytest.fixture
def peak():
    tracemalloc.start()
    yield lambda: tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("filling", "beginning"),
    [(b"x", b""), (b"a,", b""), (b'"', b""), ("é".encode(), b""), (b"row\n", b'"')],
    ids=["letters", "columns", "quotes", "wide letters", "a quote that is never closed"],
)
def test_a_line_of_a_gigabyte_is_refused_at_its_beginning(filling, beginning, peak):
    stream = Stream(filling, beginning)

    with pytest.raises(Invalid):
        for _ in read_rows(io.BufferedReader(stream), PLAIN):
            pass

    assert stream.given < GIGABYTE / 10
    assert peak() < MOST_MEMORY


def packed(path, members):
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def read_all(path):
    with closing(open_table(path).rows) as rows:
        for _ in rows:
            pass


BOOK = "xl/workbook.xml"
BOMBS = {
    "columns": {"a.csv": "x," * 400_000},
    "nested": {"inner.zip": b"PK\x03\x04"},
    "dense": {"a.csv": b"\n" * 60_000_000},
    "sheet": {BOOK: "<workbook/>", "xl/worksheets/sheet1.xml": b" " * 60_000_000},
    "many": {f"{number}.csv": "a@example.com" for number in range(60)},
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_packed_bomb_is_refused_by_what_its_directory_says(name, tmp_path, peak):
    path = packed(tmp_path / "bomb.zip", BOMBS[name])
    tracemalloc.reset_peak()

    with pytest.raises(Invalid):
        read_all(path)

    assert peak() < MOST_MEMORY


def test_a_directory_that_lies_makes_a_damaged_file(tmp_path, peak):
    path = packed(tmp_path / "liar.zip", {"a.csv": b"a@example.com\n" + b"\n" * 60_000_000})
    true_size, said = (60_000_014).to_bytes(4, "little"), (1_000).to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(true_size, said))
    tracemalloc.reset_peak()

    with pytest.raises(Exception, match=r"CRC|damaged"):
        read_all(path)

    assert peak() < MOST_MEMORY
