"""How long to wait before an event is told again, and before a silent endpoint is asked again."""

from datetime import timedelta
from random import uniform
from typing import Final

#: After the first failure, the second, …: three days in all, so that a weekend is survived.
DELAYS: Final = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
)
#: A receiver that is back need not wait longer for what was held up.
_LONGEST_PAUSE: Final = timedelta(minutes=30)
_JITTER: Final = 0.1


def retry_delay(tries: int) -> timedelta | None:
    """Return how long to wait after so many tries of one event, or None to give it up.

    Lengthened by up to a tenth at random, so that what failed together does not return together.
    """
    return DELAYS[tries - 1] * uniform(1, 1 + _JITTER) if tries <= len(DELAYS) else None  # noqa: S311


def pause_after(silences: int) -> timedelta:
    """Return how long a whole lane waits after so many requests in a row without an answer."""
    return min(DELAYS[min(silences, len(DELAYS)) - 1], _LONGEST_PAUSE)
