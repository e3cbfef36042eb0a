"""Telling a zip that unpacks to more than its size lets expect."""

from collections.abc import Iterable
from typing import Final
from zipfile import ZipInfo

#: Text packs ten times, hardly more; a bomb packs a thousand times.
_MOST_DENSE: Final = 200
_DENSE_FROM_BYTES: Final = 50_000_000


def is_bomb(members: Iterable[ZipInfo]) -> bool:
    """Whether files in a zip are packed more densely than any table, as its directory says.

    Reading them stops where the directory says that they end, so that a directory which
    lies makes a damaged file, not a bomb.
    """
    members = list(members)
    unpacked = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    return unpacked > _DENSE_FROM_BYTES and unpacked > _MOST_DENSE * packed
