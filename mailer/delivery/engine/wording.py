"""What servers' words have in common: “450 4.2.1 <ana@…> is busy (id 8f3a…)” is said to many.

The gist of a reply has “…” for what belongs to one message alone, so that replies can
be counted by it; and it is a pattern by which those replies are found again.
"""

import re
from functools import lru_cache
from typing import Final

#: Addresses, links, and long words with a digit: queue ids, times, hosts by number.
_OF_ONE_MESSAGE: Final = re.compile(
    r"<[^<>\s]*>|[^\s<>()\"',;:]+@[^\s<>()\"',;:]+|https?://\S+|(?=[\w.:=+/-]*\d)[\w.:=+/-]{9,}"
)
_DOTS: Final = "…"


@lru_cache(maxsize=10_000)
def gist(reply: str) -> str:
    """Return a reply without what is said to one message alone."""
    return _OF_ONE_MESSAGE.sub(_DOTS, reply)


def like(words: str) -> str:
    """Return the LIKE pattern, escaped by a backslash, of the replies with a gist."""
    literal = words.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return literal.replace(_DOTS, "%")
