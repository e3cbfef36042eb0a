"""Bodies as quoted-printable (RFC 2045 6.7), in pieces that are put together as they are.

Quoted-printable, because relays re-encode 8-bit bodies and break signatures. No line is
longer than 76 characters or begins with a dot, so that nothing needs stuffing (RFC 5321 4.5.2); none
has a tab, two spaces together or one at its end, so that what DKIM's relaxed form (RFC 6376 3.4.4)
would change, and relays with it, does not occur.
"""

import binascii
import re
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Final

from mailer.lib.half_characters import whole
from mailer.lib.remembered import Remembered

_SOFT_BREAK: Final = b"=\r\n"
#: Readers' values that are kept encoded: names and towns come again.
_MOST_KNOWN: Final = 5_000
#: Nearly all names, towns and addresses: no dot at the beginning, no space at the end.
_PLAIN: Final = re.compile(r"[A-Za-z0-9_/:-](?:[A-Za-z0-9_/:,.&;'@+ -]*[A-Za-z0-9_/:,.&;'@+-])?\Z").match
#: Of those, the ones that have nothing that HTML escapes either.
_UNTOUCHED: Final = re.compile(r"[A-Za-z0-9_/:-](?:[A-Za-z0-9_/:,.;@+ -]*[A-Za-z0-9_/:,.;@+-])?\Z").match
#: 73 leaves room for a leading dot to become ``=2E`` and for the soft break's ``=``.
_CHUNK: Final = 73
_UNSAFE = re.compile(rb"[^\n\x20-\x3c\x3e-\x7e]")
_TRAILING = re.compile(rb" $", re.MULTILINE)
_TOO_LONG = re.compile(rb"^[^\n]{%d,}" % (_CHUNK + 1), re.MULTILINE)
#: A dot would need stuffing, and some stores take “From ” for the start of another message.
_MISREAD = re.compile(rb"^\.|^F(?=rom )", re.MULTILINE)
_ESCAPES: Final = {bytes([byte]): b"=%02X" % byte for byte in range(256)}


class Splicer:
    """Encodes text that comes in pieces, most of which come again in every message.

    Each piece becomes quoted-printable lines of its own: it begins in the first column and
    ends with a line's end or with a soft break. So pieces can be put together as they
    are, and no look at the whole is needed any more.
    """

    def __init__(self, constants: Iterable[str]) -> None:
        self._known = Remembered(
            segment, most=_MOST_KNOWN, always={text: segment(text) for text in constants}
        )

    def encode(self, pieces: Iterable[str]) -> list[bytes]:
        """Return the lines of pieces that are a whole together; the last one ends in CRLF."""
        encoded = list(map(self._known.__getitem__, pieces))
        while encoded and not encoded[-1]:
            encoded.pop()
        if not encoded:
            return [b"\r\n"]
        if encoded[-1].endswith(_SOFT_BREAK):
            encoded[-1] = encoded[-1].removesuffix(_SOFT_BREAK) + b"\r\n"
        return encoded


class SlottedBytes:
    """Ready bytes with slots between them.

    :param parts: ready bytes, and layouts of text whose last line must end
    """

    def __init__(self, parts: Iterable[bytes | Sequence[str | int]]) -> None:
        constants = [bytearray()]
        slots: list[int] = []
        for part in parts:
            if isinstance(part, bytes):
                constants[-1] += part
                continue
            for item in part:
                if isinstance(item, int):
                    slots.append(item)
                    constants.append(bytearray())
                else:
                    constants[-1] += segment(item)
            # After a soft break an empty line is the end of the line before.
            if not part or isinstance(part[-1], int) or constants[-1].endswith(_SOFT_BREAK):
                constants[-1] += b"\r\n"
        self._constants = [bytes(constant) for constant in constants]
        # Constants and slots by turns, taken out of one list of all of them.
        order = [0]
        for number, slot in enumerate(slots, start=1):
            order += [len(constants) + slot, number]
        self._in_order = itemgetter(*order) if slots else None

    def fill(self, lines: list[bytes]) -> bytes:
        """Return the bytes with the slots filled in, each with its lines."""
        if self._in_order is None:
            return self._constants[0]
        return b"".join(self._in_order(self._constants + lines))


def token_segment(token: str) -> bytes:
    """Return the lines of a token: letters, digits, ``-`` and ``_``."""
    encoded = token.encode()
    if len(encoded) <= _CHUNK:
        return encoded + _SOFT_BREAK
    chunks = [encoded[start : start + _CHUNK] for start in range(0, len(encoded), _CHUNK)]
    return _SOFT_BREAK.join(chunks) + _SOFT_BREAK


def plain_segment(text: str) -> bytes | None:
    """Return the lines of a text that HTML and quoted-printable leave as it is; None for any other."""
    is_plain = len(text) <= _CHUNK and _UNTOUCHED(text) and "  " not in text and not text.startswith("From ")
    return text.encode() + _SOFT_BREAK if is_plain else None


def segment(text: str) -> bytes:
    """Return a piece of text as lines, of which the last may end in a soft break."""
    if len(text) <= _CHUNK and "  " not in text:
        if _PLAIN(text) and not text.startswith("From "):
            return text.encode() + _SOFT_BREAK
        if text.isprintable() and text and text[0] not in " .F" and text[-1] != " ":
            short = binascii.b2a_qp(text.encode())
            if len(short) <= _CHUNK:
                return short + _SOFT_BREAK
    lines = re.sub(r"\r\n?", "\n", whole(text)).encode()
    # Passes in C over the whole text: a loop over its lines took ten times as long.
    lines = _UNSAFE.sub(_escaped, lines)
    lines = lines.replace(b"  ", b" =20")
    lines = _TRAILING.sub(_escaped, lines)
    lines = _TOO_LONG.sub(_wrapped, lines)
    lines = _MISREAD.sub(_escaped, lines)
    if lines and not lines.endswith(b"\n"):
        lines += b"=\n"
    return lines.replace(b"\n", b"\r\n")


def _escaped(found: re.Match[bytes]) -> bytes:
    return _ESCAPES[found[0]]


def _wrapped(found: re.Match[bytes]) -> bytes:
    return b"=\n".join(_chunks(found[0]))


def _chunks(line: bytes) -> Iterator[bytes]:
    start = 0
    while len(line) - start > _CHUNK:
        end = start + _CHUNK
        # Never between an equals sign and its two digits.
        escape = line.find(b"=", end - 2, end)
        if escape >= 0:
            end = escape
        yield line[start:end]
        start = end
    yield line[start:]
