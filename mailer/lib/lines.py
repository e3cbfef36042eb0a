"""One line of text that a person typed: trimmed, of one spelling, without anything invisible that steers."""

import unicodedata
from typing import Final

from mailer.errors import Invalid

#: Control characters, lone surrogates, separators of lines and paragraphs.
_STEERING: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
#: No address is longer; whatever else is searched for is shorter.
_LONGEST_SEARCH: Final = 320


def clean_line(text: str, *, label: str, longest: int, is_required: bool = False) -> str:
    """Return a line as we keep it: NFC, runs of white space made one space.

    Control characters are refused, since names stand in mail headers; so are lone
    surrogates, which no encoding can carry.

    :param label: what the line is, for the sentence of an error
    :param longest: in characters
    :raises Invalid: with a sentence that says what is wrong with it
    """
    line = " ".join(part for part in unicodedata.normalize("NFC", text).replace("\t", " ").split(" ") if part)
    # Nearly every line is printable, which is known at once.
    if not line.isprintable() and any(unicodedata.category(one) in _STEERING for one in line):
        raise Invalid(f"{label} has a line break or a control character; keep it to one plain line.")
    if len(line) > longest:
        raise Invalid(f"{label} has {len(line):,} characters; {longest} at most.")
    if is_required and not line:
        raise Invalid(f"{label} is missing.")
    return line


def clean_search(text: str) -> str:
    """Return what somebody searches for, without NUL, which no text of PostgreSQL may hold.

    Nothing is refused: whatever cannot be found finds nothing.
    """
    return text.replace("\0", "").strip()[:_LONGEST_SEARCH]
