"""Letting a new sending domain or address become known: a little more each day.

Mailbox providers trust nobody who sends much on the first day. A workspace begins with
some fifty messages and sends a fixed factor more each day, until it has reached what it
needs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

#: Longer than any sensible warm-up; a factor of 1.0001 would go on for ever.
_LONGEST_DAYS: Final = 730


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a warm-up.

    :param number: 1 on the first day
    :param count: the most messages that may leave on it
    """

    number: int
    on: date
    count: int


@dataclass(frozen=True, slots=True)
class WarmUp:
    """A schedule of days.

    :param first: messages on the first day
    :param factor: how many times more each day, above 1
    :param target: messages a day at which it ends
    """

    starts_on: date
    first: int
    factor: float
    target: int

    def count_on(self, day: date) -> int | None:
        """Return how many messages may leave on a day; None when the schedule says nothing about it."""
        number = (day - self.starts_on).days
        if number < 0 or number >= _LONGEST_DAYS:
            return None
        if number > 0 and self._count(number - 1) >= self.target:
            return None
        return self._count(number)

    def days(self) -> Iterator[Day]:
        """Yield the days, the last of which reaches the target."""
        for number in range(_LONGEST_DAYS):
            count = self._count(number)
            yield Day(number + 1, self.starts_on + timedelta(days=number), count)
            if count >= self.target:
                return

    @property
    def ends_on(self) -> date:
        """The last day; from the next on, nothing is held back for it."""
        *_, last = self.days()
        return last.on

    def reached_on(self, audience: int, *, since: date) -> date:
        """Return the day on which an audience has been mailed once, if nothing else is sent meanwhile."""
        left = audience
        for day in self.days():
            if day.on < since:
                continue
            left -= day.count
            if left <= 0:
                return day.on
        # Nothing is held back after the last day.
        return max(since, self.ends_on + timedelta(days=1))

    def _count(self, number: int) -> int:
        # A float of this size may overflow long before two years are over.
        try:
            return min(self.target, int(self.first * self.factor**number))
        except OverflowError:
            return self.target
