"""Gateways that give themselves away only by how many readers they read for.

Each of their clicks alone looks like somebody's. Pure: from what was seen to what belongs together.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from mailer.tracking.agents import AgentKind
from mailer.tracking.verdicts import Seen, agent_of

#: So many readers of one network at once share a machine, not a moment.
CROWD: Final = timedelta(seconds=3)
_CROWD_READERS: Final = 10
#: Some people click as soon as a mail is there; everybody in one network does not.
HASTE: Final = timedelta(seconds=20)
_HASTY_READERS: Final = 5
_HASTY_SHARE: Final = 0.8
#: How long around a click its network's other readers are looked at.
NEIGHBOURHOOD: Final = timedelta(minutes=10)


def crowds(seen: Iterable[Seen]) -> set[UUID]:
    """Return what came from one network for many readers at once."""
    by_network: dict[str, list[Seen]] = defaultdict(list)
    for one in seen:
        if one.network and agent_of(one.user_agent).kind is not AgentKind.PROXY:
            by_network[one.network].append(one)
    found: set[UUID] = set()
    for events in by_network.values():
        events.sort(key=lambda one: one.at)
        readers: Counter[UUID] = Counter()
        start = 0
        for end, one in enumerate(events):
            readers[one.delivery_id] += 1
            while one.at - events[start].at > CROWD:
                gone = events[start].delivery_id
                readers[gone] -= 1
                if not readers[gone]:
                    del readers[gone]
                start += 1
            if len(readers) >= _CROWD_READERS:
                found.update(each.id for each in events[start : end + 1])
    return found


def hasty(clicks: Iterable[Seen], arrivals: Mapping[UUID, datetime]) -> set[UUID]:
    """Return the clicks of networks where nearly every reader clicks within moments of their mail's arrival.

    An office is no such network: a few of its people are quick, most are not.

    :param clicks: of a while, by any number of networks
    :param arrivals: when each delivery's server took it
    """
    by_network: dict[str, list[Seen]] = defaultdict(list)
    for one in clicks:
        if one.network and one.delivery_id in arrivals:
            by_network[one.network].append(one)
    found: set[UUID] = set()
    for seen in by_network.values():
        quick = [one for one in seen if is_hasty(one, arrivals.get(one.delivery_id))]
        readers, quick_readers = ({one.delivery_id for one in part} for part in (seen, quick))
        if len(quick_readers) >= max(_HASTY_READERS, _HASTY_SHARE * len(readers)):
            found.update(one.id for one in quick)
    return found


def is_hasty(click: Seen, arrived_at: datetime | None) -> bool:
    """Whether a click came within moments of its mail."""
    return arrived_at is not None and click.at - arrived_at <= HASTE
