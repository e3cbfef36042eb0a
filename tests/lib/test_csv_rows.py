import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.errors import Invalid
from mailer.lib.csv_rows import Dialect, csv_line, plain_cell, read_rows, rows_of, safe_cell, sniff

PLAIN = Dialect("utf-8", ",")
CORPUS = Path(__file__).parents[3] / "shared" / "corpora" / "csv" / "csv-spectrum"


@pytest.mark.parametrize(
    ("data", "dialect"),
    [
        (b"email,name\na@example.com,Ana\n", Dialect("utf-8", ",")),
        ("\ufeffemail;name\na@example.com;Zoë, the baker\n".encode(), Dialect("utf-8-sig", ";")),
        ("email;name\na@example.com;Jürgen\n".encode("cp1252"), Dialect("cp1252", ";")),
        ("email\tname\na@example.com\tAna\n".encode("utf-16"), Dialect("utf-16", "\t")),
        (b"email|name\r\na@example.com|Ana\r\n", Dialect("utf-8", "|")),
        (b"email\na@example.com\n", Dialect("utf-8", ",")),
        (b'email,note\na@example.com,"a;b;c;d"\nb@example.com,"e;f"\n', Dialect("utf-8", ",")),
    ],
)
def test_a_file_is_read_as_it_is_written(data, dialect):
    assert sniff(io.BytesIO(data)) == dialect


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf", b"a\0b"])
def test_what_is_no_text_is_refused(data):
    with pytest.raises(Invalid):
        sniff(io.BytesIO(data))


def test_blank_rows_are_skipped():
    assert list(rows_of(["a,b\n", "\n", ",\n", "c,d\n"], PLAIN)) == [["a", "b"], ["c", "d"]]


@pytest.mark.parametrize(
    "text",
    ["a," * 600, '"' + "x" * 20_000 + '"', '"never closed' + "\nrow" * 50_000],
    ids=["wide", "long", "open"],
)
def test_a_bomb_is_a_clear_error(text):
    with pytest.raises(Invalid, match="Row 1"):
        list(rows_of(io.StringIO(text), PLAIN))


@pytest.mark.parametrize("text", ["=1+1", "+49 89 1", "-3", "@sum", "\tx", "\rx", "'=x", "''+1"])
def test_no_cell_begins_like_a_formula_and_comes_back_unchanged(text):
    assert safe_cell(text)[0] == "'"
    assert plain_cell(safe_cell(text)) == text


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=50), min_size=1
    )
)
def test_what_is_written_is_read_back(cells):
    line = csv_line(cells)

    rows = list(rows_of(io.StringIO(line, newline=""), PLAIN))

    assert rows == ([cells] if any(cells) else [])


# In “location_coordinates” the file and its twin hold different phone numbers.
AGREED = [path for path in sorted((CORPUS / "csvs").glob("*.csv")) if path.stem != "location_coordinates"]


@pytest.mark.skipif(not AGREED, reason="the public CSV corpus is not on this machine")
@pytest.mark.parametrize("path", AGREED, ids=lambda path: path.stem)
def test_a_public_corpus_is_read_as_its_authors_say(path):
    # The corpus lost its CRLF line ends on the way here.
    twin = (CORPUS / "json" / f"{path.stem}.json").read_text("utf-8").replace("\\r\\n", "\\n")

    headings, *rows = read_rows(path.open("rb"), sniff(path.open("rb")))

    assert [dict(zip(headings, row, strict=False)) for row in rows] == json.loads(twin)
