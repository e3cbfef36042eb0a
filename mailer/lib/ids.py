"""Identifiers: UUIDv7 inside, a typed word outside (``sub_01k…``).

UUIDv7 (RFC 9562) sorts by time, so an index on it stays compact and a page can be
fetched by key. The outside form is TypeID (jetify-com/typeid): a prefix that says
what the id is of, and 26 characters of lower-case Crockford base32.
"""

from typing import Final
from uuid import UUID

from uuid_utils.compat import uuid7 as _uuid7

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUES: Final = {character: value for value, character in enumerate(_ALPHABET)}
_LENGTH: Final = 26
#: Two characters at a time: an id is written in every message.
_PAIRS: Final = [first + second for first in _ALPHABET for second in _ALPHABET]
_SHIFTS: Final = range(5 * (_LENGTH - 2), -1, -10)


def uuid7() -> UUID:
    """Return a new time-ordered UUID."""
    return _uuid7()


def public_id(prefix: str, identifier: UUID) -> str:
    """Return an id as people and programs see it, such as ``sub_01k2m8…``."""
    number = identifier.int
    pairs = [_PAIRS[number >> shift & 1023] for shift in _SHIFTS]
    return f"{prefix}_{''.join(pairs)}"


def parse_id(prefix: str, text: str) -> UUID | None:
    """Return the UUID behind a public id, or None when the text is not one of this kind.

    Only the canonical spelling is accepted, so that one thing has one address.
    """
    head, separator, tail = text.rpartition("_")
    if head != prefix or not separator or len(tail) != _LENGTH or tail[0] > "7":
        return None
    number = 0
    for character in tail:
        value = _VALUES.get(character)
        if value is None:
            return None
        number = number << 5 | value
    return UUID(int=number)
