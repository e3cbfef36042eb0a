"""Which values a mail cannot do without: shown, with no default, whether they are there or not."""

import re
from typing import Final

from mailer.rendering.language import Tag, pieces

_NAME: Final = re.compile(r"\bsubscriber\.[a-z_]\w*(?:\.[a-z_]\w*)?", re.IGNORECASE)
_OPENS: Final = re.compile(r"\{%-?\s*(?:el)?if\b")
_CLOSES: Final = re.compile(r"\{%-?\s*endif\b")
_HAS_DEFAULT: Final = re.compile(r"\|\s*d(?:efault)?\b|\bif\b|\bor\b")


def needed(*sources: str) -> frozenset[str]:
    """Return the names that leave a hole where a reader has no value for them.

    A name with a default is none of them, and neither is one inside an ``if`` about it.
    """
    found: set[str] = set()
    for source in sources:
        found |= _in_one(source)
    return frozenset(found)


def _in_one(source: str) -> set[str]:
    found: set[str] = set()
    asked: list[set[str]] = []
    for piece in pieces(source):
        if not isinstance(piece, Tag):
            continue
        names = set(_NAME.findall(piece.text))
        if _OPENS.match(piece.text):
            if "elif" in piece.text[:12] and asked:
                asked[-1] |= names
            else:
                asked.append(names)
        elif _CLOSES.match(piece.text):
            asked = asked[:-1]
        elif not piece.is_statement and not _HAS_DEFAULT.search(piece.text):
            found |= names - set().union(*asked)
    return found
