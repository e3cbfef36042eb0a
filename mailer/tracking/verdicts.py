"""Who opened and clicked: people, or machines on their behalf.

Pure, and versioned, so that everything can be judged again when it learns. No single
sign is proof — a scanner wears a browser's name, a person clicks two seconds after the
mail came — so the verdict always carries the reason that decided.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final
from uuid import UUID

from mailer.lib.networks import gateway_of
from mailer.tracking.agents import AGENTS_VERSION, Agent, AgentKind, read_agent

#: Raised whenever a verdict may differ.
VERSION: Final = 100 * 2 + AGENTS_VERSION

#: A hidden link is followed: whatever the same mail's reader did around it was a machine, too.
_AROUND_TRAP: Final = timedelta(minutes=2)
#: Nobody follows so many different links in so short a time, not even into tabs.
_BURSTS: Final = ((3, timedelta(seconds=2)), (5, timedelta(seconds=10)))
#: Nobody follows every link of a mail in a minute, down to the one for leaving.
_SWEEP: Final = timedelta(minutes=1)
_SWEEP_LINKS: Final = 4
#: What gave itself away once is the same machine when it comes back to the same mail.
_RETURNS: Final = timedelta(minutes=15)
#: Nobody reads a mail before it is there. A second more would already be somebody quick.
_TOO_SOON: Final = timedelta(milliseconds=500)


class Verdict(StrEnum):
    """What opened or clicked."""

    HUMAN = "human"
    #: Somebody who looked, through a proxy of their mail provider.
    PROXY = "proxy"
    PREFETCH = "prefetch"
    APPLE_MPP = "apple_mpp"
    SCANNER = "scanner"
    UNKNOWN = "unknown"

    @property
    def is_human(self) -> bool:
        """Whether somebody looked."""
        return self in HUMAN_VERDICTS


HUMAN_VERDICTS: Final = frozenset({Verdict.HUMAN, Verdict.PROXY})


class Reason(StrEnum):
    """The sign that decided."""

    NOTHING_ODD = "nothing_odd"
    USER_AGENT = "user_agent"
    NO_USER_AGENT = "no_user_agent"
    HIDDEN_LINK = "hidden_link"
    WITH_HIDDEN_LINK = "with_hidden_link"
    MANY_LINKS = "many_links"
    MANY_READERS = "many_readers"
    GATEWAY = "gateway"
    TOO_SOON = "too_soon"
    NOT_JUDGED = "not_judged"


@dataclass(frozen=True, slots=True)
class Seen:
    """One open or click.

    :param link_number: which link was followed; None for an open
    """

    id: UUID
    delivery_id: UUID
    at: datetime
    link_number: int | None
    user_agent: str
    network: str


Judgement = tuple[Verdict, Reason]

_OF_AGENTS: Final = {
    AgentKind.PERSON: Verdict.HUMAN,
    AgentKind.PROXY: Verdict.PROXY,
    AgentKind.PREFETCH: Verdict.PREFETCH,
    AgentKind.APPLE_MPP: Verdict.APPLE_MPP,
    AgentKind.SCANNER: Verdict.SCANNER,
    AgentKind.UNKNOWN: Verdict.UNKNOWN,
}


@lru_cache(maxsize=20_000)
def agent_of(user_agent: str) -> Agent:
    """Return what a user agent says, remembered: a campaign's readers share a few hundred of them."""
    return read_agent(user_agent)


def first_look(user_agent: str) -> Judgement:
    """Return what the user agent alone says."""
    agent = agent_of(user_agent)
    if agent.kind is AgentKind.UNKNOWN:
        return Verdict.UNKNOWN, Reason.NO_USER_AGENT
    decided = Reason.NOTHING_ODD if agent.kind is AgentKind.PERSON else Reason.USER_AGENT
    return _OF_AGENTS[agent.kind], decided


def judge(
    seen: Sequence[Seen], *, arrived_at: datetime | None, trap: int | None, crowded: Collection[UUID]
) -> dict[UUID, Judgement]:
    """Return the verdict on everything that happened with one delivery.

    :param arrived_at: when its server took it
    :param trap: the number of the link that only machines see
    :param crowded: what belongs to a crowd (:mod:`mailer.tracking.crowds`)
    """
    trapped = [one.at for one in seen if trap is not None and one.link_number == trap]
    bursts = _bursts(seen, links=trap)
    told = {
        one.id: _judge(one, arrived_at=arrived_at, trap=trap, trapped=trapped, bursts=bursts, crowded=crowded)
        for one in seen
    }
    return told | _returning(seen, told)


def _judge(
    one: Seen,
    *,
    arrived_at: datetime | None,
    trap: int | None,
    trapped: Sequence[datetime],
    bursts: Collection[UUID],
    crowded: Collection[UUID],
) -> Judgement:
    told = first_look(one.user_agent)
    if trap is not None and one.link_number == trap:
        return Verdict.SCANNER, Reason.HIDDEN_LINK
    if told[0] not in (Verdict.HUMAN, Verdict.UNKNOWN):
        return told
    if any(abs(one.at - at) <= _AROUND_TRAP for at in trapped):
        return Verdict.SCANNER, Reason.WITH_HIDDEN_LINK
    if one.id in bursts:
        return Verdict.SCANNER, Reason.MANY_LINKS
    if one.id in crowded:
        return Verdict.SCANNER, Reason.MANY_READERS
    if gateway_of(one.network):
        return Verdict.SCANNER, Reason.GATEWAY
    if arrived_at is not None and one.at < arrived_at + _TOO_SOON:
        return Verdict.SCANNER, Reason.TOO_SOON
    return told


def _bursts(seen: Sequence[Seen], *, links: int | None) -> set[UUID]:
    """Return the clicks on more different links than anybody follows in the time.

    :param links: how many the mail has, where that is known
    """
    clicks = sorted((one for one in seen if one.link_number is not None), key=lambda one: one.at)
    limits = list(_BURSTS)
    if links is not None and links >= _SWEEP_LINKS:
        limits.append((links, _SWEEP))
    return set().union(*(_within(clicks, count, span) for count, span in limits))


def _within(clicks: Sequence[Seen], count: int, span: timedelta) -> set[UUID]:
    found: set[UUID] = set()
    start = 0
    for end, one in enumerate(clicks):
        while one.at - clicks[start].at > span:
            start += 1
        if len({each.link_number for each in clicks[start : end + 1]}) >= count:
            found.update(each.id for each in clicks[start : end + 1])
    return found


#: What convicts a machine that may come back, and what is said of it then.
_CONVICTING: Final = {
    Reason.HIDDEN_LINK: Reason.WITH_HIDDEN_LINK,
    Reason.WITH_HIDDEN_LINK: Reason.WITH_HIDDEN_LINK,
    Reason.MANY_LINKS: Reason.MANY_LINKS,
}


def _returning(seen: Sequence[Seen], told: Mapping[UUID, Judgement]) -> dict[UUID, Judgement]:
    """Return what was done by a machine that gave itself away before or after: same network, same program."""
    convicted = [(one, _CONVICTING[told[one.id][1]]) for one in seen if told[one.id][1] in _CONVICTING]
    found: dict[UUID, Judgement] = {}
    for one in seen:
        if not one.network or not told[one.id][0].is_human:
            continue
        for machine, reason in convicted:
            is_same = (machine.network, machine.user_agent) == (one.network, one.user_agent)
            if is_same and abs(machine.at - one.at) <= _RETURNS:
                found[one.id] = Verdict.SCANNER, reason
    return found
