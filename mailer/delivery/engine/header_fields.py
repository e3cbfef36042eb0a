"""Header fields: where mail is broken and forged, so that each is written by us.

CPython's ``email.policy.SMTP`` turns a long List-Unsubscribe into encoded words, which
ends one-click unsubscribing, and has let an encoded newline add a header
(CVE-2024-6923). Here a field is folded only at white space (RFC 5322 2.2.3), never
inside ``<…>``, and control characters are refused.

``header`` and ``text_header`` write what others ask for, and refuse the names of the fields that
every message has once; those are written by the functions that are called a field.
"""

import base64
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from mailer.errors import Invalid
from mailer.lib.addresses import ascii_domain
from mailer.lib.half_characters import whole

_LINE: Final = 78
_ENCODED_LINE: Final = 76
_LONGEST_LINE: Final = 998
#: C0 and C1 controls and DEL: no header may hold one, whatever it was decoded from.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
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


def header(name: str, value: str) -> str:
    """Return a header field of a value that is written as it is, folded at white space alone.

    :raises Invalid: it would not be one, or is one of those that every message has
    """
    _check_name(name)
    if not value.isascii():
        raise Invalid(f"The {name} header is not ASCII.")
    return field(name, value)


def text_header(name: str, text: str) -> str:
    """Return a header field of free words, as encoded words (RFC 2047) where it has to be.

    :raises Invalid: it holds a control character, or is one of those that every message has
    """
    _check_name(name)
    return text_field(name, text)


def mailboxes_header(name: str, mailboxes: Iterable[tuple[str, str]]) -> str:
    """Return a header field of several mailboxes, one a line.

    :param mailboxes: display name, which may be empty, and address
    :raises Invalid: one of them cannot stand in a header
    """
    prefix = f"{name}: "
    fields = [address_field(name, *mailbox).removeprefix(prefix).rstrip("\r\n") for mailbox in mailboxes]
    return f"{name}: " + ",\r\n ".join(fields) + "\r\n"


@lru_cache(maxsize=64)
def _check_name(name: str) -> None:
    if name.lower() in _OURS:
        raise Invalid(f"A message has one {name} header, and this would be a second.")
    if not _FIELD_NAME.match(name):
        raise Invalid(f"“{name}” cannot be the name of a header.")


def field(name: str, value: str) -> str:
    """Return a field folded at white space alone; a word that is too long for a line keeps it whole.

    :raises Invalid: it holds a control character, or a word longer than a line of a mail may be
    """
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


@lru_cache(maxsize=4_096)
def text_field(name: str, text: str) -> str:
    """Return a field of free words, as encoded words (RFC 2047) where it has to be.

    :raises Invalid: it holds a control character
    """
    text = _checked(name, whole(text)).strip()
    if _is_plain(text):
        return field(name, text)
    words = _encoded_words(text, first=_ENCODED_LINE - len(name) - 2)
    return f"{name}: " + "\r\n ".join(words) + "\r\n"


def to_field(address: str) -> str:
    """Return the To field of one reader, which nearly always needs no second look.

    :raises Invalid: the address cannot stand in a header
    """
    if _PLAIN_ADDRESS(address):
        return f"To: {address}\r\n"
    return address_field("To", "", address)


def address_field(name: str, display: str, address: str) -> str:
    """Return a field of one mailbox.

    :param display: the name beside the address; may be empty
    :raises Invalid: the address cannot stand in a header, or the name holds a control character
    """
    _checked(name, address)
    if not re.fullmatch(r"[^\s<>(),;:\"\\]+@[^\s<>(),;:@\"\\]+", address):
        raise Invalid(f"“{address}” is not an address that the {name} header can hold.")
    address = ascii_domain(address)
    display = _checked(name, whole(display)).strip()
    if not display:
        return field(name, address)
    if _ATOMS.match(display) and _is_plain(display):
        phrase = display
    elif _is_plain(display):
        phrase = '"' + display.replace("\\", "\\\\").replace('"', '\\"') + '"'
    else:
        phrase = " ".join(_encoded_words(display, first=_ENCODED_LINE - len(name) - 2))
    return field(name, f"{phrase} <{address}>")


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
