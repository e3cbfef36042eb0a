"""Opening a mail that nobody wrote with care: boundaries that are missing, charsets that lie.

Stricter parsers lose the very mails that matter here. So this one splits by what is
there, decodes what it can, and looks at no more than a bounded part of it.
"""

import base64
import binascii
import quopri
import re
from dataclasses import dataclass, field
from email.errors import MessageError
from email.header import decode_header
from functools import cached_property
from html import unescape
from typing import Final

#: Bytes of a mail that are read, parts of it, and parts within parts.
MOST_BYTES: Final = 2_000_000
_MOST_PARTS: Final = 60
_DEEPEST: Final = 6
_MOST_HEADERS: Final = 400
#: Characters of one part; a server's words are short.
_LONGEST_TEXT: Final = 200_000

_PARAMETER: Final = r"""\b{}\s*=\s*(?:"([^"\r\n]{{1,200}})"|([^\s;"]{{1,200}}))"""
_BOUNDARY: Final = re.compile(_PARAMETER.format("boundary"), re.IGNORECASE)
_CHARSET: Final = re.compile(_PARAMETER.format("charset"), re.IGNORECASE)
_HEADER: Final = re.compile(r"([!-9;-~]{1,76})[ \t]*:[ \t]*(.*)", re.DOTALL)
#: Escape sequences of ISO-2022-JP, in parts that name another charset or none.
_JAPANESE: Final = re.compile(rb"\x1b\$[B@]")


class Headers:
    """The headers of a mail, a part or a report, by lower-case name."""

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        self.fields = fields

    def get(self, name: str, default: str = "") -> str:
        """Return the first value of a header."""
        return next((value for key, value in self.fields if key == name), default)

    def all(self, name: str) -> list[str]:
        """Return every value of a header."""
        return [value for key, value in self.fields if key == name]

    def words(self, name: str) -> str:
        """Return a header's value with encoded words (RFC 2047) read."""
        return decoded_words(self.get(name))

    def __contains__(self, name: str) -> bool:
        return any(key == name for key, _ in self.fields)


@dataclass
class Part:
    """A leaf of a mail."""

    kind: str
    headers: Headers
    content: bytes
    #: Whether it stands inside a mail that is enclosed.
    is_enclosed: bool = False

    @cached_property
    def text(self) -> str:
        """Its content as text, of whatever it says it is."""
        return decoded_text(self.content, self.headers)[:_LONGEST_TEXT]


@dataclass
class Opened:
    """A mail, opened."""

    headers: Headers
    parts: list[Part] = field(default_factory=list)
    #: Everything after the headers as it came, for mails whose parts do not hold together.
    body: str = ""

    @property
    def kind(self) -> str:
        """Its content type."""
        return kind_of(self.headers)


def open_mail(raw: bytes) -> Opened:
    """Return a mail's headers and parts."""
    data = raw[:MOST_BYTES].replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\0", b"")
    if data.startswith(b"From "):  # as mailboxes begin
        data = data.partition(b"\n")[2]
    headers, body = _split(data.lstrip(b"\n"))
    opened = Opened(headers, body=body[:_LONGEST_TEXT].decode("utf-8", "replace"))
    _open_part(headers, body, opened.parts, depth=0, is_enclosed=False)
    return opened


def read_headers(text: str) -> Headers:
    """Return the headers that a text begins with."""
    return _headers(text.lstrip("\n").partition("\n\n")[0])


def kind_of(headers: Headers) -> str:
    """Return a content type in lower case, without parameters."""
    return headers.get("content-type").partition(";")[0].strip().lower() or "text/plain"


def decoded_words(value: str) -> str:
    """Return a header's value as it is read."""
    if "=?" not in value:
        return value
    pieces = []
    try:
        for piece, charset in decode_header(value[:4_000]):
            pieces.append(_decode(piece, charset or "") if isinstance(piece, bytes) else piece)
    except (ValueError, LookupError, MessageError):
        return value
    return "".join(pieces)


def text_of_html(html: str) -> str:
    """Return what an HTML part says, line by line."""
    text = re.sub(r"(?is)<(style|script|head)\b.*?</\1\s*>", " ", html)
    text = re.sub(r"(?i)<(br|/p|/div|/tr|/li|/h[1-6]|/td)\b[^>]*>", "\n", text)
    # An address in angle brackets is no tag.
    text = re.sub(r"<(?!/?[^<>\s]+@)[^<>]{0,2000}>", " ", text)
    return unescape(text).replace("\xa0", " ")


def decoded_text(content: bytes, headers: Headers) -> str:
    """Return a part's content as text."""
    encoding = headers.get("content-transfer-encoding").strip().lower()
    if encoding == "base64":
        content = _from_base64(content)
    elif encoding == "quoted-printable":
        content = quopri.decodestring(content)
    charset = _CHARSET.search(headers.get("content-type"))
    return _decode(content, (charset[1] or charset[2]) if charset else "").replace("\r\n", "\n")


def _open_part(headers: Headers, body: bytes, parts: list[Part], *, depth: int, is_enclosed: bool) -> None:
    if len(parts) >= _MOST_PARTS:
        return
    kind = kind_of(headers)
    boundary = _BOUNDARY.search(headers.get("content-type"))
    if kind.startswith("multipart/") and boundary is not None and depth < _DEEPEST:
        pieces = _pieces(body, (boundary[1] or boundary[2]).encode("utf-8", "replace"))
        for piece in pieces:
            inner, content = _split(piece)
            _open_part(inner, content, parts, depth=depth + 1, is_enclosed=is_enclosed)
        if pieces:
            return
    parts.append(Part(kind, headers, body, is_enclosed))
    if kind == "message/rfc822" and depth < _DEEPEST:
        inner, content = _split(decoded_bytes(body, headers).lstrip(b"\n"))
        _open_part(inner, content, parts, depth=depth + 1, is_enclosed=True)


def decoded_bytes(content: bytes, headers: Headers) -> bytes:
    """Return a part's content without its transfer encoding."""
    encoding = headers.get("content-transfer-encoding").strip().lower()
    if encoding == "base64":
        return _from_base64(content)
    return quopri.decodestring(content) if encoding == "quoted-printable" else content


def _pieces(body: bytes, boundary: bytes) -> list[bytes]:
    """Split a multipart's body; what stands before the first boundary is for no one (RFC 2046 5.1)."""
    pieces = re.split(rb"(?m)^--" + re.escape(boundary) + rb"(?:--)?[ \t]*$\n?", body, maxsplit=_MOST_PARTS)
    return [piece for piece in pieces[1:] if piece.strip()]


def _split(data: bytes) -> tuple[Headers, bytes]:
    """Split headers from body; without any header everything is body."""
    if data.startswith(b"\n"):
        return Headers([]), data[1:]
    head, found, body = data.partition(b"\n\n")
    headers = _headers(head.decode("utf-8", "surrogateescape"))
    if not headers.fields:
        return headers, data
    return headers, body if found else b""


def _headers(head: str) -> Headers:
    fields: list[tuple[str, str]] = []
    for line in head.split("\n")[: 4 * _MOST_HEADERS]:
        if line[:1] in (" ", "\t") and fields:
            name, value = fields[-1]
            if len(value) < 20_000:
                fields[-1] = name, f"{value} {line.strip()}"
            continue
        found = _HEADER.match(line)
        if found and len(fields) < _MOST_HEADERS:
            value = found[2].strip().encode("utf-8", "surrogateescape").decode("utf-8", "replace")
            fields.append((found[1].lower(), value))
    return Headers(fields)


def _from_base64(content: bytes) -> bytes:
    kept = re.sub(rb"[^A-Za-z0-9+/]", b"", content)
    kept = kept[: len(kept) - (len(kept) % 4 == 1)]
    try:
        return base64.b64decode(kept + b"=" * (-len(kept) % 4))
    except binascii.Error:
        return b""


def _decode(content: bytes, charset: str) -> str:
    names = ["iso2022_jp_ext"] if _JAPANESE.search(content) else []
    if charset and charset.lower() not in ("us-ascii", "ascii", "unknown-8bit"):
        names.append(charset)
    for name in (*names, "utf-8"):
        try:
            # What was encoded may hold what no database takes.
            return content.decode(name).replace("\0", "")
        except (LookupError, ValueError):
            continue
    return content.decode("latin-1").replace("\0", "")
