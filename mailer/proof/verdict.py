"""What a storm did, judged by three witnesses: the audience, the product's ledger, the sink's record.

Pure: evidence in, figures out.
"""

import math
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from mailer.delivery.models import DeliveryState, SkipReason
from mailer.proof.sink import Entry, Happened

LONGEST_RECOVERY_SECONDS: Final = 30.0
_FULL_SPEED: Final = 0.9
#: Too little happened before the first kill, or after the last, to speak of a speed.
_LEAST_SECONDS: Final = 3

_ARRIVED: Final = (Happened.TAKEN, Happened.TAKEN_SILENTLY)
_SILENT: Final = (Happened.TAKEN_SILENTLY, Happened.DROPPED_SILENTLY)
_FAILED: Final = (DeliveryState.REJECTED, DeliveryState.HELD)
_STATES_AT_REST: Final = (
    DeliveryState.ACCEPTED,
    DeliveryState.REJECTED,
    DeliveryState.SKIPPED,
    DeliveryState.HELD,
    DeliveryState.IN_DOUBT,
)


@dataclass(frozen=True, slots=True)
class Row:
    """A delivery at the end."""

    email: str
    state: DeliveryState
    skip_reason: SkipReason | None = None


@dataclass(frozen=True)
class Kill:
    """Something that was done to a process.

    :param at: seconds since the epoch
    :param costs_connections: whether conversations of a campaign worker ended with it
    """

    at: float
    what: str
    costs_connections: bool = False


@dataclass
class Evidence:
    """What is known once all is quiet; campaigns go by the markers in their messages.

    :param counts: the ledger's running counts, which pages show
    :param left: when it was committed that someone may not be mailed any more
    :param cancelled: when it was committed that a campaign ends
    :param suppressed: addresses that the product took for dead by itself
    """

    audience: Mapping[str, Collection[str]]
    rows: Mapping[str, Sequence[Row]]
    counts: Mapping[str, Mapping[DeliveryState, int]]
    entries: Sequence[Entry]
    kills: Sequence[Kill] = ()
    left: Mapping[str, float] = field(default_factory=dict)
    cancelled: Mapping[str, float] = field(default_factory=dict)
    suppressed: Collection[str] = ()
    workers: int = 1


@dataclass(frozen=True)
class Figures:
    """What came of it; all but the first lines should be nought."""

    audience: int
    states: Mapping[str, int]
    kills: Mapping[str, int]
    faults: Mapping[str, int]
    #: Called accepted, and never arrived; or still waiting when all was quiet.
    lost: int
    #: Without a row, or skipped though nobody asked for it.
    silently_skipped: int
    duplicated: int
    in_doubt: int
    in_doubt_arrived: int
    #: Silences after the final dot, and one for each connection of each worker that died.
    in_doubt_allowed: int
    #: Rejected, held or suppressed without the server's having said so.
    wrongly_failed: int
    #: After an unsubscribe, a suppression or a cancel, beyond one on each connection.
    sent_after_leaving: int
    crossed: int
    #: Campaigns whose audience is not the sum of the five states, by rows or by counts.
    unbalanced: int
    #: From the last kill to nine tenths of the speed before the first; None when it was over too soon.
    recovery_seconds: float | None

    def missed(self) -> list[str]:
        """Return the promises that were not kept, in words."""
        names = (
            *("lost", "silently_skipped", "duplicated", "wrongly_failed"),
            *("sent_after_leaving", "crossed", "unbalanced"),
        )
        found = [f"{name.replace('_', ' ')}: {getattr(self, name)}" for name in names if getattr(self, name)]
        if self.in_doubt > self.in_doubt_allowed:
            found.append(f"in doubt: {self.in_doubt}, at most {self.in_doubt_allowed}")
        if self.recovery_seconds is not None and self.recovery_seconds > LONGEST_RECOVERY_SECONDS:
            found.append(f"recovery: {self.recovery_seconds:.1f} s, at most {LONGEST_RECOVERY_SECONDS:.0f} s")
        return found


def judge(evidence: Evidence) -> Figures:
    """Return the figures."""
    arrived = Counter((entry.campaign, entry.address) for entry in evidence.entries if entry.what in _ARRIVED)
    rows = [(campaign, row) for campaign, found in evidence.rows.items() for row in found]
    in_doubt = [(campaign, row.email) for campaign, row in rows if row.state is DeliveryState.IN_DOUBT]
    return Figures(
        audience=sum(map(len, evidence.audience.values())),
        states=Counter(row.state.value for _, row in rows),
        kills=Counter(kill.what for kill in evidence.kills),
        faults=Counter(
            entry.detail[:9].rstrip() or entry.what.value
            for entry in evidence.entries
            if entry.what in (Happened.REFUSED, *_SILENT)
        ),
        lost=sum(
            (row.state is DeliveryState.ACCEPTED and not arrived[campaign, row.email])
            or row.state not in _STATES_AT_REST
            for campaign, row in rows
        ),
        silently_skipped=_silently_skipped(evidence),
        duplicated=sum(1 for times in arrived.values() if times > 1),
        in_doubt=len(in_doubt),
        in_doubt_arrived=sum(1 for each in in_doubt if arrived[each]),
        in_doubt_allowed=_doubt_allowed(evidence),
        wrongly_failed=_wrongly_failed(evidence),
        sent_after_leaving=_sent_after_leaving(evidence),
        crossed=sum(entry.what is Happened.CROSSED for entry in evidence.entries),
        unbalanced=sum(1 for campaign in evidence.audience if not _balances(evidence, campaign)),
        recovery_seconds=_recovery_seconds(evidence),
    )


def _silently_skipped(evidence: Evidence) -> int:
    number = 0
    for campaign, people in evidence.audience.items():
        found = evidence.rows[campaign]
        number += len(set(people) - {row.email for row in found})
        for row in found:
            if row.state is DeliveryState.SKIPPED:
                asked = row.email in evidence.left or campaign in evidence.cancelled
                number += not (asked or row.email in evidence.suppressed)
    return number


def _doubt_allowed(evidence: Evidence) -> int:
    silences = sum(entry.what in _SILENT for entry in evidence.entries)
    deaths = sum(kill.costs_connections for kill in evidence.kills)
    return silences + deaths * math.ceil(_most_connections(evidence.entries) / evidence.workers)


def _most_connections(entries: Sequence[Entry]) -> int:
    now = most = 0
    for entry in entries:
        now += (entry.what is Happened.CONNECTED) - (entry.what is Happened.DISCONNECTED)
        most = max(most, now)
    return most


def _wrongly_failed(evidence: Evidence) -> int:
    refused = {
        entry.address: entry.detail
        for entry in evidence.entries
        if entry.what is Happened.REFUSED and entry.detail.startswith("5")
    }
    failed = {row.email for found in evidence.rows.values() for row in found if row.state in _FAILED}
    # What is about us costs nobody their place in the audience.
    dead = {address for address, reply in refused.items() if "5.7." not in reply}
    return len(failed - refused.keys()) + len(set(evidence.suppressed) - dead)


def _sent_after_leaving(evidence: Evidence) -> int:
    """Count messages that were begun after they had become unwanted.

    The one that a connection had in hand may still go: the first that began there since.
    """
    begun: defaultdict[int, list[float]] = defaultdict(list)
    for entry in evidence.entries:
        if entry.began_at:
            begun[entry.connection].append(entry.began_at)
    for moments in begun.values():
        moments.sort()
    number = 0
    for entry in evidence.entries:
        if entry.what not in _ARRIVED:
            continue
        ends = evidence.left.get(entry.address, math.inf), evidence.cancelled.get(entry.campaign, math.inf)
        if entry.began_at > min(ends):
            moments = begun[entry.connection]
            number += moments[bisect_left(moments, min(ends))] < entry.began_at
    return number


def _balances(evidence: Evidence, campaign: str) -> bool:
    """Whether the audience is the sum of the five states, row by row and as counted."""
    by_row = Counter(row.state for row in evidence.rows[campaign])
    counted = {state: number for state, number in evidence.counts[campaign].items() if number}
    at_rest = sum(by_row[state] for state in _STATES_AT_REST)
    return counted == dict(by_row) and at_rest == len(evidence.audience[campaign])


def _recovery_seconds(evidence: Evidence) -> float | None:
    """Return the time from the last kill to the first full second at nine tenths of the usual speed."""
    taken = [entry.at for entry in evidence.entries if entry.what in _ARRIVED]
    if not evidence.kills or not taken:
        return None
    usual = list(_a_second(taken, taken[0], min(kill.at for kill in evidence.kills)))
    last = max(kill.at for kill in evidence.kills)
    after = list(_a_second(taken, last, taken[-1]))
    if len(usual) < _LEAST_SECONDS or len(after) < _LEAST_SECONDS:
        return None
    wanted = _FULL_SPEED * median(usual)
    return next((float(second) for second, rate in enumerate(after) if rate >= wanted), taken[-1] - last)


def _a_second(moments: Sequence[float], begin: float, end: float) -> Iterator[int]:
    """Yield how many moments lie in each full second of a span."""
    for second in range(int(end - begin)):
        low = bisect_left(moments, begin + second)
        yield bisect_left(moments, begin + second + 1) - low
