"""Half characters: surrogates that stand alone, which no encoding can carry."""

import re
from typing import Final

_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")


def whole(text: str) -> str:
    """Return a text with each half character replaced by U+FFFD, so that it has a UTF-8 form."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)
