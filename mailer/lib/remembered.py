"""Remembering what is asked for again and again."""

from collections.abc import Callable, Mapping
from typing import TypeVar

Key = TypeVar("Key")
Made = TypeVar("Made")


class Remembered(dict[Key, Made]):
    """What is made of keys: looked up like in a dictionary, made when it is not there.

    :param most: so many are remembered; then it begins anew
    :param always: these are never forgotten, and are not counted
    """

    def __init__(
        self, make: Callable[[Key], Made], *, most: int, always: Mapping[Key, Made] | None = None
    ) -> None:
        super().__init__(always or {})
        self._make, self._always = make, dict(self)
        self._most = most + len(self)

    def __missing__(self, key: Key) -> Made:
        if len(self) >= self._most:
            self.clear()
            self.update(self._always)
        made = self[key] = self._make(key)
        return made
