"""Words in lines, for a drawing that breaks none by itself."""

import re
import unicodedata
from typing import Final

#: How wide a letter is on average, of its size.
_NARROW, _WIDE = 0.55, 1.0
#: Where a line may end: behind a space, and around each sign of Chinese and Japanese.
_PIECES: Final = re.compile(
    r"\s+|[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]|[^\s\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]+"
)


def lines_of(words: str, *, width: float, size: float, most: int) -> list[str]:
    """Return words in lines about as wide as they may be; the last ends in … where more would follow.

    :param width: of a line, in the unit of ``size``, which is that of the letters
    :param most: lines
    """
    lines, line, used = [], "", 0.0
    for piece in _PIECES.findall(words):
        is_space = piece.isspace()
        wide = sum(_width_of(sign) for sign in piece) * size
        if used + wide > width and line.strip() and not is_space:
            lines.append(line.strip())
            line, used = "", 0.0
        if line or not is_space:
            line, used = line + (" " if is_space else piece), used + wide
    lines += [line.strip()] if line.strip() else []
    return lines if len(lines) <= most else [*lines[: most - 1], f"{lines[most - 1]}…"]


def _width_of(sign: str) -> float:
    return _WIDE if unicodedata.east_asian_width(sign) in "WF" else _NARROW
