"""Files that go with a message: attached, or shown where its HTML names them (``cid:``)."""

import base64
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

#: RFC 2231 3: a parameter that is longer comes in pieces.
_PIECE: Final = 50
_TOKEN: Final = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,60}/[A-Za-z0-9!#$&^_.+-]{1,60}\Z")
_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9 ._()+-]{1,60}\Z")
#: What a type would let us say about the parts inside, which we do not make.
_NEVER: Final = ("multipart/", "message/")
FALLBACK_TYPE: Final = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file.

    :param content_id: what ``cid:`` in the HTML calls it; empty for one that is attached
    """

    name: str
    content_type: str
    content: bytes
    content_id: str = ""


def by_place(enclosures: Sequence[Enclosure]) -> Iterator[tuple[str, list[Enclosure]]]:
    """Yield the multiparts to put around a message, inner first: what is shown, then what is attached."""
    shown = [each for each in enclosures if each.content_id]
    attached = [each for each in enclosures if not each.content_id]
    if shown:
        # RFC 2387
        yield "related", shown
    if attached:
        yield "mixed", attached


def closing(enclosures: Iterable[Enclosure], boundary: str) -> bytes:
    """Return the files of a multipart and its end."""
    mark = f"--=_{boundary}".encode()
    return b"".join(mark + b"\r\n" + _part(each) for each in enclosures) + mark + b"--\r\n"


def is_type(text: str) -> bool:
    """Whether a file may be sent under a content type, such as ``application/pdf``."""
    return bool(_TOKEN.match(text)) and not text.lower().startswith(_NEVER)


def _part(enclosure: Enclosure) -> bytes:
    disposition = "inline" if enclosure.content_id else "attachment"
    head = [
        f"Content-Type: {enclosure.content_type}",
        "Content-Transfer-Encoding: base64",
        f"Content-Disposition: {disposition};\r\n {_file_name(enclosure.name)}",
    ]
    if enclosure.content_id:
        head.append(f"Content-ID: <{enclosure.content_id}>")
    body = base64.encodebytes(enclosure.content).replace(b"\n", b"\r\n")
    return "\r\n".join(head).encode() + b"\r\n\r\n" + (body or b"\r\n")


def _file_name(name: str) -> str:
    if _PLAIN_NAME.match(name):
        return f'filename="{name}"'
    encoded = f"utf-8''{quote(name, safe='')}"
    if len(encoded) <= _PIECE:
        return f"filename*={encoded}"
    # Never between a percent sign and its two digits.
    pieces = re.findall(rf"(?:%..|[^%]){{1,{_PIECE // 3}}}", encoded)
    return ";\r\n ".join(f"filename*{number}*={piece}" for number, piece in enumerate(pieces))
