"""How fast each mailbox domain is written to: what an operator allows, and what it bears.

A domain without bounds costs a look-up and two additions for each message. One that
says “slow down” more than now and then is left alone briefly and then gets half as much, by rate and by
connections; each message that it accepts lets it have a little more, until it is as fast
as before and needs no bounds any more (additive increase, multiplicative decrease, as
TCP does it). Times are seconds of any steady clock; nothing here reads one.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from typing import Final

from mailer.delivery.engine.outcomes import Outcome, Verdict

#: Never slower than one message in twenty seconds: a domain must be able to show that it is well.
_LEAST_PER_SECOND: Final = 0.05
_FIRST_PAUSE: Final = 5.0
_LONGEST_PAUSE: Final = 300.0
#: How long undisturbed sending takes to win back all that was lost.
_RECOVERY_SECONDS: Final = 600.0
#: The rate of a domain without bounds is measured over about so long.
_WINDOW_SECONDS: Final = 10.0
#: Worth asking again so soon when only connections are short: one of them may be done by then.
_CONNECTION_SECONDS: Final = 0.05
#: Deliveries are not put off further than this for their turn, so that a domain that
#: recovers soon is not written to at its slowest pace for hours.
HORIZON_SECONDS: Final = 600.0
#: One complaint is no pace: a domain is slowed down when complaints outweigh what it accepts,
#: each of them as much as seven messages that pass, by so many. One that refuses one message in a
#: hundred for reasons of its own would otherwise be written to slower and slower.
_COMPLAINTS: Final = 5.0
#: Less patience with one that had complained before.
_FURTHER_COMPLAINTS: Final = 3.0
_PARDON: Final = 0.15
#: Messages may be so far ahead of an even pace: they come in batches, not one by one.
_BURST_SECONDS: Final = 1.0
#: What can begin within so long is kept at hand; anything beyond is put off (``turns``).
_AT_HAND_SECONDS: Final = 2.0
#: How the pace of a domain without bounds is told.
FREE_PER_SECOND: Final = 1e9
#: Domains that are remembered without need; beyond it the idle ones are forgotten.
_MOST_DOMAINS: Final = 20_000

#: Providers whose domains share their servers, and so their patience.
PROVIDERS: Final = (
    ("gmail.com", "googlemail.com"),
    ("outlook.com", "hotmail.com", "live.com", "msn.com", "hotmail.co.uk", "hotmail.fr", "hotmail.de"),
    ("yahoo.com", "ymail.com", "rocketmail.com", "aol.com", "yahoo.co.uk", "yahoo.fr", "yahoo.de"),
    ("icloud.com", "me.com", "mac.com"),
    ("gmx.net", "gmx.de", "gmx.at", "gmx.ch", "web.de"),
)

#: What “slow down” looks like. 421 closes the connection for want of patience or room
#: (RFC 5321 3.8); 4.7.x is policy, which is what large providers call their rate limits
#: (Gmail 4.7.0 and 4.7.28, Yahoo 4.7.0 [TSS04], Outlook 4.7.500 and 4.7.650).
_CODES: Final = re.compile(r"^421\b|\b4\.7\.\d{1,3}\b")
#: With any other temporary code the words decide (Gmail 450 4.2.1: “receiving mail at a
#: rate that …”, Yahoo 451 “temporarily deferred”, Outlook 451 4.4.62 “too many”).
_WORDS: Final = re.compile(
    r"too (many|quick|fast|much)|rate\b|throttl|slow down|temporarily deferred|unusual(ly)? |server busy"
    r"|resources temporarily|exceeded .{0,40}(limit|connection)|concurren",
    re.IGNORECASE,
)
#: Says nothing about our pace: greylisting asks to come back, a full mailbox is one reader's.
_NOT_ABOUT_PACE: Final = re.compile(
    r"gr[ae]y ?-?list|mailbox.{0,20}full|over ?quota|\b4\.2\.2\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Limit:
    """The most that an operator allows some domains, which count as one."""

    domains: tuple[str, ...]
    per_second: float = inf
    concurrent: float = inf


@dataclass(frozen=True, slots=True)
class Learned:
    """What a domain bears, as one worker tells the others.

    :param is_free: it needs no bounds any more
    :param paused_seconds: how long it is left alone from now on
    """

    domain: str
    per_second: float
    concurrent: int
    paused_seconds: float
    is_free: bool = False


def asks_to_slow_down(outcome: Outcome) -> bool:
    """Tell whether a server wants less mail of us, whoever it is for.

    A refusal for good says more than that: it holds the delivery, and soon the campaign.
    """
    if outcome.verdict is not Verdict.DEFERRED or outcome.code is None:
        return False
    if _NOT_ABOUT_PACE.search(outcome.reply):
        return False
    return bool(_CODES.search(outcome.reply) or _WORDS.search(outcome.reply))


class Throttle:
    """What may begin now, by the recipient's domain; one for each route of a process.

    :param connections: how many the route has, which is what an unbounded domain can use
    :param per_second: the most that the route takes in all
    """

    def __init__(
        self, *, connections: int, per_second: float | None = None, limits: Iterable[Limit] = ()
    ) -> None:
        self._connections = connections
        self._paces: dict[str, _Pace] = {}
        self._told: dict[str, Learned] = {}
        self._changed: dict[str, _Pace] = {}
        self._everything = _Pace("", per_second=per_second or inf)
        self._groups = {domain: group for group in PROVIDERS for domain in group}
        self._limits = _by_domain(limits)

    def set_limits(self, limits: Iterable[Limit], now: float) -> None:
        """Take over what an operator allows from now on; what was learned stays."""
        by_domain = _by_domain(limits)
        if by_domain == self._limits:
            return
        learned = [pace.as_learned(now) for pace in set(self._paces.values()) if pace.learned_from]
        self._limits = by_domain
        self._paces.clear()
        for each in learned:
            self.learn(each, now)

    def may_begin(self, domain: str, now: float) -> float:
        """Ask whether a message to a domain may begin.

        :return: 0.0: yes, and it is counted as begun; else seconds until it is worth asking again
        """
        pace = self._paces.get(domain) or self._meet(domain, now)
        everything = self._everything
        if everything.is_bound and everything.next_at > now + _BURST_SECONDS:
            return everything.next_at - now - _BURST_SECONDS
        if pace.is_bound:
            wait = pace.wait(now)
            if wait > 0.0:
                return wait
            pace.step_on(now)
        if everything.is_bound:
            everything.step_on(now)
        if now - pace.window_began > _WINDOW_SECONDS:
            pace.begin_window(now)
        pace.begun += 1
        pace.flying += 1
        return 0.0

    def ended(self, domain: str, outcome: Outcome, now: float) -> None:
        """Learn from how a message that had begun ended."""
        pace = self._paces.get(domain) or self._meet(domain, now)
        if pace.flying:
            pace.flying -= 1
        if outcome.verdict is Verdict.ACCEPTED:
            if pace.complaints > 0.0:
                pace.complaints = max(0.0, pace.complaints - _PARDON)
            if pace.learned_from > 0.0:
                self._grow(pace)
        elif asks_to_slow_down(outcome):
            self._slow_down(pace, now)

    def turns(self, domain: str, count: int, now: float) -> list[float]:
        """Return when each of ``count`` messages that may not begin has its turn, in order.

        Spread at the domain's pace and remembered, so that those of the next batch come
        after them. None is put off beyond twice ``HORIZON_SECONDS``.
        """
        pace = self._paces.get(domain) or self._meet(domain, now)
        gap = max(pace.gap, self._everything.gap) or 1.0 / pace.measured(now)
        first = max(now + _CONNECTION_SECONDS, pace.next_at, pace.paused_until, self._everything.next_at)
        begin = max(first, pace.booked_until)
        horizon = first + HORIZON_SECONDS
        at_pace = min(count, max(0, int((horizon - begin) / gap)))
        times = [begin + gap * number for number in range(at_pace)]
        pace.booked_until = begin + gap * at_pace
        beyond = count - at_pace
        times += [horizon + HORIZON_SECONDS * number / beyond for number in range(beyond)]
        return times

    def room(self, domain: str, now: float) -> float:
        """Return how many messages to a domain are worth keeping at hand while they may not begin."""
        pace = self._paces.get(domain)
        if pace is None:
            return inf
        if now < pace.paused_until:
            return 0.0
        return min(pace.per_second, self._everything.per_second) * _AT_HAND_SECONDS

    def is_bound(self, domain: str) -> bool:
        """Tell whether a domain is held back at all."""
        pace = self._paces.get(domain)
        return pace is not None and pace.is_bound

    def changes(self, now: float) -> list[Learned]:
        """Return what other workers should know and were not told, and take it as told."""
        news = [pace.as_learned(now) for pace in self._changed.values()]
        self._changed.clear()
        self._told.update((learned.domain, learned) for learned in news)
        return news

    def learn(self, learned: Learned, now: float) -> None:
        """Take over what another worker found out."""
        pace = self._paces.get(learned.domain) or self._meet(learned.domain, now)
        self._changed.pop(pace.domain, None)
        self._told[pace.domain] = learned
        if learned.is_free:
            pace.free()
            return
        if not pace.learned_from:
            pace.learned_from = max(pace.measured(now), learned.per_second * 2)
        pace.bind(min(learned.per_second, pace.most_per_second), learned.concurrent)
        pace.paused_until = max(pace.paused_until, now + learned.paused_seconds)
        pace.settled_at = max(pace.settled_at, pace.paused_until)

    def _meet(self, domain: str, now: float) -> "_Pace":
        if len(self._paces) >= _MOST_DOMAINS:
            self._paces = {name: pace for name, pace in self._paces.items() if pace.is_bound or pace.flying}
        limit = self._limits.get(domain)
        group = limit.domains if limit is not None else self._groups.get(domain, (domain,))
        pace = next((self._paces[name] for name in group if name in self._paces), None)
        if pace is None or pace.limit is not limit:
            pace = _Pace(group[0], window_began=now)
            pace.allow(limit)
        self._paces[domain] = pace
        return pace

    def _slow_down(self, pace: "_Pace", now: float) -> None:
        if now < pace.settled_at:
            # It began before the last step back, and says the same once more.
            return
        pace.complaints += 1.0
        if pace.complaints < (_FURTHER_COMPLAINTS if pace.learned_from else _COMPLAINTS):
            return
        pace.complaints = 0.0
        if not pace.learned_from:
            pace.learned_from = min(pace.measured(now), pace.most_per_second)
        per_second = min(pace.per_second, pace.learned_from) / 2
        concurrent = min(pace.concurrent, self._connections) // 2
        pace.bind(max(_LEAST_PER_SECOND, per_second), max(1, int(concurrent)))
        pace.paused_until = pace.settled_at = now + pace.pause_seconds
        pace.pause_seconds = min(pace.pause_seconds * 2, _LONGEST_PAUSE)
        self._changed[pace.domain] = pace

    def _grow(self, pace: "_Pace") -> None:
        # A fixed step a second, whatever the pace: each message has its part of it.
        step = pace.learned_from / _RECOVERY_SECONDS / pace.per_second
        pace.per_second = min(pace.per_second + step, pace.most_per_second)
        pace.gap = 1.0 / pace.per_second
        pace.gained += step * self._connections / pace.learned_from
        if pace.gained >= 1.0:
            pace.gained -= 1.0
            pace.concurrent = min(pace.concurrent + 1, pace.most_concurrent)
            pace.pause_seconds = max(_FIRST_PAUSE, pace.pause_seconds / 2)
        if pace.per_second >= min(pace.learned_from * 1.5, pace.most_per_second):
            pace.free()
            self._changed[pace.domain] = pace
            return
        told = self._told.get(pace.domain)
        if told is not None and pace.per_second >= told.per_second * 2:
            self._changed[pace.domain] = pace


def _by_domain(limits: Iterable[Limit]) -> dict[str, Limit]:
    return {domain: limit for limit in limits for domain in limit.domains}


class _Pace:
    """How fast one domain, or one provider's domains together, may be written to."""

    __slots__ = (
        "begun",
        "booked_until",
        "complaints",
        "concurrent",
        "domain",
        "flying",
        "gained",
        "gap",
        "is_bound",
        "learned_from",
        "limit",
        "most_concurrent",
        "most_per_second",
        "next_at",
        "pause_seconds",
        "paused_until",
        "per_second",
        "rate_before",
        "settled_at",
        "window_began",
    )

    def __init__(self, domain: str, *, window_began: float = 0.0, per_second: float = inf) -> None:
        self.domain = domain
        self.limit: Limit | None = None
        self.most_per_second, self.most_concurrent = per_second, inf
        #: Begun and not ended; what ``measured`` counts since ``window_began``.
        self.flying = self.begun = 0
        self.window_began = window_began
        self.rate_before = 0.0
        self.next_at = self.paused_until = self.settled_at = -inf
        #: The rate at which it first asked to slow down; 0 while it never did.
        self.learned_from = self.gained = self.complaints = 0.0
        self.pause_seconds = _FIRST_PAUSE
        self.free()

    def allow(self, limit: Limit | None) -> None:
        """Take over an operator's limit."""
        self.limit = limit
        self.most_per_second = limit.per_second if limit else inf
        self.most_concurrent = limit.concurrent if limit else inf
        self.free()

    def bind(self, per_second: float, concurrent: float) -> None:
        """Hold it to a pace."""
        self.per_second, self.concurrent = per_second, min(concurrent, self.most_concurrent)
        self.gap = 1.0 / per_second
        self.is_bound = True

    def free(self) -> None:
        """Forget what was learned; what an operator allows still holds."""
        self.learned_from = self.gained = 0.0
        self.pause_seconds = _FIRST_PAUSE
        self.booked_until = -inf
        self.bind(self.most_per_second, self.most_concurrent)
        self.is_bound = self.most_per_second < inf or self.most_concurrent < inf

    def wait(self, now: float) -> float:
        """Return how long nothing may begin; 0.0 when something may."""
        if now < self.paused_until:
            return self.paused_until - now
        if self.next_at > now + _BURST_SECONDS:
            return self.next_at - now - _BURST_SECONDS
        return _CONNECTION_SECONDS if self.flying >= self.concurrent else 0.0

    def step_on(self, now: float) -> None:
        """Count one that begins."""
        self.next_at = (self.next_at if self.next_at > now else now) + self.gap

    def begin_window(self, now: float) -> None:
        """Begin to measure anew, and keep what was measured."""
        self.rate_before = self.begun / (now - self.window_began)
        self.window_began, self.begun = now, 0

    def measured(self, now: float) -> float:
        """Return how many began in a second lately, 1 or more."""
        return max(1.0, self.rate_before, self.begun / max(now - self.window_began, 1.0))

    def as_learned(self, now: float) -> Learned:
        """Return what others should know."""
        return Learned(
            self.domain,
            per_second=min(self.per_second, FREE_PER_SECOND),
            concurrent=int(min(self.concurrent, 1_000_000)),
            paused_seconds=max(0.0, self.paused_until - now),
            is_free=not self.learned_from,
        )
