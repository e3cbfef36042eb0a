"""When the mail of a domain does it harm: rates of complaints and dead addresses in two windows.

Gmail and Yahoo ask for complaints below 0.1 % and act at 0.3 %; a burst shows within the
hour, what creeps within the day. Few mails say nothing, so each limit has its least.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final


class Level(StrEnum):
    """How a domain fares."""

    GOOD = "good"
    WARN = "warn"
    PAUSE = "pause"


class Harm(StrEnum):
    """What is counted against a domain."""

    COMPLAINTS = "complaints"
    BOUNCES = "bounces"


HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Counts:
    """What a domain's mail came to within a window.

    :param sends: deliveries that ended, accepted or refused
    :param bounces: addresses that turned out to be dead
    """

    sends: int = 0
    complaints: int = 0
    bounces: int = 0


@dataclass(frozen=True, slots=True)
class Limit:
    """How much of a harm is borne within a window.

    :param warn_rate: of the sends, 0 to 1; from here on it is said
    :param pause_rate: from here on sending stops
    :param least_sends: with fewer, a rate means nothing
    :param least_events: with fewer, it is chance
    """

    harm: Harm
    window: timedelta
    warn_rate: float
    pause_rate: float
    least_sends: int
    least_events: int


LIMITS: Final = (
    Limit(Harm.COMPLAINTS, HOUR, 0.005, 0.01, 200, 5),
    Limit(Harm.COMPLAINTS, DAY, 0.0015, 0.003, 1_000, 10),
    Limit(Harm.BOUNCES, HOUR, 0.05, 0.10, 200, 20),
    Limit(Harm.BOUNCES, DAY, 0.025, 0.05, 1_000, 50),
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """How a domain fares, and in a sentence why."""

    level: Level
    reason: str = ""


def judge(counts: Mapping[timedelta, Counts]) -> Judgement:
    """Return the gravest of what the limits say.

    :param counts: by window, of :data:`LIMITS`
    """
    found = [Judgement(Level.GOOD)]
    for limit in LIMITS:
        within = counts.get(limit.window, Counts())
        events = getattr(within, limit.harm.value)
        if within.sends < limit.least_sends or events < limit.least_events:
            continue
        rate = events / within.sends
        if rate >= limit.pause_rate:
            found.append(Judgement(Level.PAUSE, _words(limit, events, within.sends, limit.pause_rate)))
        elif rate >= limit.warn_rate:
            found.append(Judgement(Level.WARN, _words(limit, events, within.sends, limit.warn_rate)))
    return max(found, key=lambda each: list(Level).index(each.level))


def _words(limit: Limit, events: int, sends: int, bound: float) -> str:
    what = "complaints" if limit.harm is Harm.COMPLAINTS else "dead addresses"
    when = "in the last hour" if limit.window == HOUR else "in the last 24 hours"
    return (
        f"{events:,} {what} among {sends:,} mails {when}: {events / sends:.2%}, where {bound:.2%} is too much"
    )
