"""Segments that most people want sooner or later, to begin from instead of an empty page."""

from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True)
class Starter:
    """A beginning, whose every condition can be changed before it is saved.

    :param about: whom it finds, and what for
    """

    name: str
    about: str
    conditions: tuple[dict[str, Any], ...]

    @property
    def tree(self) -> dict[str, Any]:
        """What the builder begins with."""
        return {"type": "group", "match": "all", "conditions": [dict(each) for each in self.conditions]}


def _did(deed: str, days: int, *, times: int = 1, is_most: bool = False) -> dict[str, Any]:
    count = "at_most" if is_most else "at_least"
    return {"type": "did", "deed": deed, "count": count, "times": times, "within_days": days}


STARTERS: Final = {
    "readers": Starter("Readers", "Opened a campaign in the last 30 days.", (_did("opened", 30),)),
    "clickers": Starter("Clicked lately", "Followed a link in the last 90 days.", (_did("clicked", 90),)),
    "new": Starter(
        "New this month",
        "Came in the last 30 days: for a warm welcome.",
        ({"type": "detail", "detail": "added", "test": "in_last", "value": "30"},),
    ),
    "asleep": Starter(
        "Asleep",
        "Got five campaigns in half a year and opened none: to win back, or to leave out.",
        (_did("received", 180, times=5), _did("opened", 180, times=0, is_most=True)),
    ),
}
