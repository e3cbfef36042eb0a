"""Writing a message: our own serialiser, because headers are where mail is broken and forged.

CPython's ``email.policy.SMTP`` turns a long List-Unsubscribe into encoded words, which
ends one-click unsubscribing, and has let an encoded newline add a header
(CVE-2024-6923). Here a header is folded only at white space (RFC 5322 2.2.3), never
inside ``<…>``; control characters are refused; each header stands exactly once.
Bodies are quoted-printable, because relays re-encode 8-bit ones and break signatures.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from operator import itemgetter
from typing import Final

import idna

from mailer.delivery.engine.enclosures import Enclosure, by_place, closing
from mailer.errors import Invalid
from mailer.lib.remembered import Remembered

_LINE: Final = 78
_ENCODED_LINE: Final = 76
_LONGEST_LINE: Final = 998

#: C0 and C1 controls and DEL: no header may hold one, whatever it was decoded from.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_PIECE = re.compile(r"\s*\S+")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*\Z")
_FIELD_NAME = re.compile(r"[!-9;-~]+\Z")
#: What the hot path meets nearly always, and what needs neither folding nor checking.
_ONE_WORD: Final = re.compile(r"[!-~]+\Z").match
_LONGEST_WORD: Final = _LONGEST_LINE - 80
_PLAIN_ADDRESS: Final = re.compile(r"[A-Za-z0-9_+-][A-Za-z0-9._+-]{0,63}@[A-Za-z0-9.-]{1,255}\Z").match

_OURS: Final = frozenset(
    {
        "from",
        "to",
        "subject",
        "date",
        "message-id",
        "reply-to",
        "mime-version",
        "content-type",
        "content-transfer-encoding",
    }
)


class FormLetter:
    """One message to many: what is the same for all of its readers is encoded once, the rest spliced in.

    Lines end in CRLF, are 76 characters or fewer in the bodies, and none begins with a
    dot, so that nothing needs stuffing (RFC 5321 4.5.2).

    :param boundary: letters and digits that no other message has
    :param constants: pieces that come again in every message, such as the text between merge tags
    :param layouts: of HTML and text, when all but some slots is the same in every message:
        texts, and between them the slots' numbers
    :param headers: further ones that every message has, in lines made by :func:`header`
    :param addressed: the To, Cc and Reply-To fields, where they say more than the reader's own
        address, in lines made by :func:`mailboxes_header`
    :param enclosures: files that go with every message
    """

    def __init__(
        self,
        *,
        from_name: str,
        from_email: str,
        boundary: str,
        reply_to: str = "",
        has_html: bool = True,
        constants: Iterable[str] = (),
        layouts: tuple[Sequence[str | int], Sequence[str | int]] | None = None,
        headers: str = "",
        addressed: str = "",
        enclosures: Sequence[Enclosure] = (),
    ) -> None:
        self._from = _address_header("From", from_name, from_email)
        self._reply_to = _address_header("Reply-To", "", reply_to) if reply_to else ""
        self._addressed = addressed
        self._splicer = Splicer(constants)
        self._date: datetime | None = None
        self._date_line = ""
        self._has_html = has_html
        # ``=_`` cannot occur in quoted-printable or base64, so no part can hold a boundary.
        kind, before, after = _part_head("text/plain"), "", b""
        self._between = b""
        if has_html:
            mark = f"--=_{boundary}"
            kind = _multipart("alternative", boundary)
            before = f"{mark}\r\n{_part_head('text/plain')}\r\n"
            self._between = f"{mark}\r\n{_part_head('text/html')}\r\n".encode()
            after = f"{mark}--\r\n".encode()
        root = "multipart/alternative" if has_html else "text/plain"
        for multipart, enclosed in by_place(enclosures):
            outer = f"{boundary}{multipart}"
            before = f"--=_{outer}\r\n{kind}\r\n{before}"
            after += closing(enclosed, outer)
            kind = _multipart(multipart, outer, root=root)
        self._end = headers + _header("MIME-Version", "1.0") + kind
        self._before, self._after = before.encode(), after
        self._form = None
        if layouts:
            html, text = layouts
            parts = [self._between, html] if has_html else []
            self._form = _Form([self._before, text, *parts, self._after])

    def head(self, *, to: str, subject: str, message_id: str, date: datetime, headers: str = "") -> bytes:
        """Return one reader's header fields.

        :param message_id: without its angle brackets
        :param headers: this reader's own, in lines made by :func:`header`
        :raises Invalid: a header holds a control character, or would be longer than a line may be
        """
        return "".join(
            (
                self._from,
                self._addressed or _to_header(to),
                self._reply_to,
                _text_header("Subject", subject),
                self._dated(date),
                _header("Message-ID", f"<{message_id}>"),
                headers,
                self._end,
            )
        ).encode()

    def _dated(self, date: datetime) -> str:
        # Many are written at one moment.
        if date is not self._date:
            self._date, self._date_line = date, _date_line(date.replace(microsecond=0))
        return self._date_line

    def write(self, text: Iterable[str], html: Iterable[str]) -> bytes:
        """Return what follows the empty line after the header fields.

        :param text: the text part in pieces; those among the constants cost nothing
        :param html: likewise
        """
        encode = self._splicer.encode
        parts = (self._between, *encode(html)) if self._has_html else ()
        return b"".join((self._before, *encode(text), *parts, self._after))

    def fill(self, lines: list[bytes]) -> bytes:
        """Return what :meth:`write` does, when all but the slots of the layouts is known.

        :param lines: of each slot, made by :func:`segment`
        """
        assert self._form is not None
        return self._form.fill(lines)


@lru_cache(maxsize=2)
def _date_line(second: datetime) -> str:
    """Return the header field of all messages of one second, which is all that it can tell."""
    return _header("Date", format_datetime(second))


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


class _Form:
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


def ascii_domain(address: str) -> str:
    """Return an address with its domain as A-labels (RFC 5890), which every server understands.

    :raises Invalid: the domain cannot be written so
    """
    local, _, domain = address.rpartition("@")
    if domain.isascii():
        return address
    try:
        return f"{local}@{idna.encode(domain, uts46=True).decode()}"
    except idna.IDNAError as error:
        raise Invalid(f"The domain of “{address}” cannot be written for mail: {error}.") from None


def quoted_printable(text: str) -> bytes:
    """Return text as quoted-printable lines (RFC 2045 6.7), each ending in CRLF.

    No line has a tab, two spaces together or one at its end: what DKIM's relaxed form
    (RFC 6376 3.4.4) would change, and relays with it, does not occur.
    """
    return b"".join(Splicer(()).encode([text]))


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
    lines = re.sub(r"\r\n?", "\n", _whole(text)).encode()
    # Passes in C over the whole text: a loop over its lines took ten times as long.
    lines = _UNSAFE.sub(_escaped, lines)
    lines = lines.replace(b"  ", b" =20")
    lines = _TRAILING.sub(_escaped, lines)
    lines = _TOO_LONG.sub(_wrapped, lines)
    lines = _MISREAD.sub(_escaped, lines)
    if lines and not lines.endswith(b"\n"):
        lines += b"=\n"
    return lines.replace(b"\n", b"\r\n")


def _multipart(kind: str, boundary: str, *, root: str = "") -> str:
    # RFC 2387 3.1: what is related must say what its first part is.
    type_of_root = f';\r\n type="{root}"' if kind == "related" else ""
    return f'Content-Type: multipart/{kind};\r\n boundary="=_{boundary}"{type_of_root}\r\n'


def _part_head(kind: str) -> str:
    return f"Content-Type: {kind}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n"


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


def header(name: str, value: str) -> str:
    """Return a header field of a value that is written as it is, folded at white space alone.

    :raises Invalid: it would not be one, or is one of those that every message has
    """
    _check_name(name)
    if not value.isascii():
        raise Invalid(f"The {name} header is not ASCII.")
    return _header(name, value)


def mailboxes_header(name: str, mailboxes: Iterable[tuple[str, str]]) -> str:
    """Return a header field of several mailboxes, one a line.

    :param mailboxes: display name, which may be empty, and address
    :raises Invalid: one of them cannot stand in a header
    """
    prefix = f"{name}: "
    fields = [_address_header(name, *mailbox).removeprefix(prefix).rstrip("\r\n") for mailbox in mailboxes]
    return f"{name}: " + ",\r\n ".join(fields) + "\r\n"


def text_header(name: str, text: str) -> str:
    """Return a header field of free words, as encoded words (RFC 2047) where it has to be.

    :raises Invalid: it holds a control character, or is one of those that every message has
    """
    _check_name(name)
    return _text_header(name, text)


@lru_cache(maxsize=64)
def _check_name(name: str) -> None:
    if name.lower() in _OURS:
        raise Invalid(f"A message has one {name} header, and this would be a second.")
    if not _FIELD_NAME.match(name):
        raise Invalid(f"“{name}” cannot be the name of a header.")


def _to_header(address: str) -> str:
    if _PLAIN_ADDRESS(address):
        return f"To: {address}\r\n"
    return _address_header("To", "", address)


@lru_cache(maxsize=4_096)
def _text_header(name: str, text: str) -> str:
    text = _checked(name, _whole(text)).strip()
    if _is_plain(text):
        return _header(name, text)
    words = _encoded_words(text, first=_ENCODED_LINE - len(name) - 2)
    return f"{name}: " + "\r\n ".join(words) + "\r\n"


def _address_header(name: str, display: str, address: str) -> str:
    _checked(name, address)
    if not re.fullmatch(r"[^\s<>(),;:\"\\]+@[^\s<>(),;:@\"\\]+", address):
        raise Invalid(f"“{address}” is not an address that the {name} header can hold.")
    address = ascii_domain(address)
    display = _checked(name, _whole(display)).strip()
    if not display:
        return _header(name, address)
    if _ATOMS.match(display) and _is_plain(display):
        phrase = display
    elif _is_plain(display):
        phrase = '"' + display.replace("\\", "\\\\").replace('"', '\\"') + '"'
    else:
        phrase = " ".join(_encoded_words(display, first=_ENCODED_LINE - len(name) - 2))
    return _header(name, f"{phrase} <{address}>")


def _header(name: str, value: str) -> str:
    """Fold at white space alone; a word that is too long for a line keeps it whole."""
    if len(value) <= _LONGEST_WORD and _ONE_WORD(value):
        return f"{name}: {value}\r\n"
    _checked(name, value)
    lines = [f"{name}:"]
    for piece in _PIECE.findall(f" {value}"):
        is_first_word = lines[-1] == f"{name}:"
        if len(lines[-1]) + len(piece) > _LINE and not is_first_word:
            lines.append(piece)
        else:
            lines[-1] += piece
    if any(len(line.encode()) > _LONGEST_LINE for line in lines):
        raise Invalid(f"The {name} header has a word that is longer than a line of a mail may be.")
    return "\r\n".join(lines) + "\r\n"


def _is_plain(text: str) -> bool:
    """Whether text can stand in a header as it is and will be read back as it is."""
    return text.isascii() and "=?" not in text and all(len(word) < 200 for word in text.split(" "))


def _encoded_words(text: str, *, first: int) -> Iterator[str]:
    """Yield RFC 2047 words of 75 characters or fewer, each of whole characters."""
    room = _bytes_in(first)
    chunk = b""
    for character in text:
        encoded = character.encode()
        if len(chunk) + len(encoded) > room:
            yield _encoded_word(chunk)
            chunk, room = b"", _bytes_in(_ENCODED_LINE - 1)
        chunk += encoded
    yield _encoded_word(chunk)


def _bytes_in(characters: int) -> int:
    return (min(characters, 75) - len("=?utf-8?b??=")) // 4 * 3


def _encoded_word(chunk: bytes) -> str:
    return f"=?utf-8?b?{base64.b64encode(chunk).decode()}?="


def _checked(name: str, text: str) -> str:
    if _CONTROL.search(text):
        raise Invalid(f"The {name} header holds a line break or another control character.")
    return text


def _whole(text: str) -> str:
    """Replace half characters, which have no UTF-8 form."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)
