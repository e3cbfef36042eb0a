import pytest

from mailer.errors import Invalid
from mailer.lib.lines import clean_line, clean_search


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("  Rosa   Lima\t", "Rosa Lima"),
        ("E\u0301va", "Éva"),
        ("👩‍🍳 Ana", "👩‍🍳 Ana"),
        ("", ""),
    ],
)
def test_a_line_is_kept_trimmed_and_in_one_spelling(given, kept):
    assert clean_line(given, label="The name", longest=20) == kept


@pytest.mark.parametrize(
    "given", ["a\nb", "a\r\nBcc: b", "a\0b", "a\u2028b", "a\ud800b", "a\x1b[31m", "x" * 21]
)
def test_a_line_that_steers_or_is_too_long_is_refused(given):
    with pytest.raises(Invalid, match="The name"):
        clean_line(given, label="The name", longest=20)


def test_a_line_that_is_needed_is_asked_for():
    with pytest.raises(Invalid, match="missing"):
        clean_line("  ", label="The name", longest=20, is_required=True)


@pytest.mark.parametrize(
    ("given", "sought"), [("  rosa@\t", "rosa@"), ("ro\0sa", "rosa"), ("\0", ""), ("x" * 400, "x" * 320)]
)
def test_whatever_is_searched_for_can_be_asked_of_any_database(given, sought):
    assert clean_search(given) == sought
