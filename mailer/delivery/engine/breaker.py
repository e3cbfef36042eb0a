"""When to leave a server in trouble alone, and when to look at it again: a circuit breaker.

Closed while all is well. A server that cannot be reached, does not let us in or breaks
off is left alone: 10 seconds at first, then twice as long each time, up to five minutes.
When its rest is over, one batch tries it, and only that one; it closes the breaker or
begins the next rest.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

FIRST_REST: Final = timedelta(seconds=10)
LONGEST_REST: Final = timedelta(minutes=5)
#: Whoever looks whether a server is back has so long to say; then another may.
PROBE: Final = timedelta(seconds=15)


class BreakerState(StrEnum):
    """What may be done with a server."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is remembered of a server that failed.

    :param failure_count: rests in a row, 1 or more
    :param failed_at: when the last rest began
    :param reply: the server's last words, or ours about it
    :param probing_until: until when somebody is finding out whether it is back
    """

    failure_count: int
    failed_at: datetime
    reply: str
    probing_until: datetime | None = None

    @property
    def rests_until(self) -> datetime:
        """When it is worth looking at the server again."""
        # Beyond some ten doublings the longest rest is reached long before.
        rest: timedelta = FIRST_REST * 2 ** min(self.failure_count - 1, 10)
        return self.failed_at + min(rest, LONGEST_REST)

    @property
    def tried_again_at(self) -> datetime:
        """When the next batch may look at it."""
        return max(self.rests_until, self.probing_until or self.rests_until)


def state_of(trouble: Trouble | None, now: datetime) -> BreakerState:
    """Return what may be done with a server now."""
    if trouble is None:
        return BreakerState.CLOSED
    return BreakerState.OPEN if now < trouble.tried_again_at else BreakerState.HALF_OPEN


def after_failure(trouble: Trouble | None, reply: str, now: datetime) -> Trouble:
    """Return what to remember once a server failed.

    Batches that were under way fail one after another for one cause: until its rest is
    over, they are the same failure.
    """
    if trouble is None:
        return Trouble(1, now, reply)
    if now < trouble.rests_until:
        return trouble
    return Trouble(trouble.failure_count + 1, now, reply)


def begin_probe(trouble: Trouble, now: datetime) -> Trouble:
    """Return what to remember while one batch finds out whether a server is back."""
    return replace(trouble, probing_until=now + PROBE)
