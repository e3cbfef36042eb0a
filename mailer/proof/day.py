"""A campaign's day with known truth: people, and the machines that read their mail before them."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from mailer.lib.ids import uuid7
from mailer.tracking.spool import Event

LAUNCH = datetime(2026, 3, 2, 9, tzinfo=UTC)
LINKS = 5
TRAP = 5

BROWSERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 "
    "Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.1 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/130.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:132.0) Gecko/20100101 Firefox/132.0",
)
CHROME = BROWSERS[0]
MPP = "Mozilla/5.0"
GMAIL_PROXY = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
GMAIL_PREFETCH = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.135 "
    "Safari/537.36 Edge/12.246 Mozilla/5.0"
)
GATEWAYS = ("SafeLinks crawler/1.0", "Barracuda Sentinel (EE)", "python-requests/2.32", CHROME)


@dataclass
class Reader:
    """One delivery, and when its server took it."""

    delivery_id: UUID
    arrived_at: datetime


@dataclass
class Day:
    """What happened, and by whom: the ids of the events that people made."""

    events: list[Event] = field(default_factory=list)
    human: set[UUID] = field(default_factory=set)

    @property
    def clicks(self) -> list[Event]:
        """What of it were clicks."""
        return [event for event in self.events if event.link_number is not None]


def simulate(readers: list[Reader], *, message_id: UUID, seed: int = 1) -> Day:
    """Let a day pass over a campaign."""
    chance = random.Random(seed)  # noqa: S311  - the same day each time
    day = Day()
    crowd: list[Reader] = []
    for reader in readers:
        guard = chance.random()
        if guard < 0.10:
            _scan(day, reader, message_id, chance)
        elif guard < 0.14:
            crowd.append(reader)
        elif guard < 0.30:
            _add(day, reader, message_id, chance.uniform(1, 900), None, MPP, _network(chance, 17))
        elif guard < 0.40:
            _add(day, reader, message_id, chance.uniform(0.2, 5), None, GMAIL_PREFETCH, "66.249.84.0/24")
        if chance.random() < 0.25:
            _read(day, reader, message_id, chance)
    _sweep(day, crowd, message_id, chance)
    day.events.sort(key=lambda event: event.at)
    return day


def _read(day: Day, reader: Reader, message_id: UUID, chance: random.Random) -> None:
    """Somebody opens, perhaps two seconds after it came, and follows a link or two."""
    at = 2.0 if chance.random() < 0.03 else chance.expovariate(1 / 7_200) + 5
    agent, network = chance.choice(BROWSERS), _network(chance, 80)
    opener = GMAIL_PROXY if chance.random() < 0.4 else agent
    _add(
        day,
        reader,
        message_id,
        at,
        None,
        opener,
        "66.249.93.0/24" if opener == GMAIL_PROXY else network,
        True,
    )
    for _ in range(chance.choice((0, 1, 1, 2, 3))):
        _add(day, reader, message_id, at, chance.randrange(LINKS), agent, network, True)
        at += chance.uniform(3, 90)


def _scan(day: Day, reader: Reader, message_id: UUID, chance: random.Random) -> None:
    """A gateway follows every link soon after delivery, in any order, as any program it likes."""
    agent, network = chance.choice(GATEWAYS), _network(chance, 52)
    at = chance.uniform(0.3, 40)
    for number in chance.sample(range(LINKS + 1), LINKS + 1):
        _add(day, reader, message_id, at, number, agent, network)
        at += chance.uniform(0.05, 1.5)


def _sweep(
    day: Day, readers: Iterator[Reader] | list[Reader], message_id: UUID, chance: random.Random
) -> None:
    """A gateway at one network follows one link of each of many mails, within seconds."""
    for reader in readers:
        at = LAUNCH + timedelta(hours=1, seconds=chance.uniform(0, 3))
        seconds = (at - reader.arrived_at).total_seconds()
        _add(day, reader, message_id, seconds, chance.randrange(LINKS), CHROME, "198.51.100.0/24")


def _add(
    day: Day,
    reader: Reader,
    message_id: UUID,
    seconds: float,
    link: int | None,
    agent: str,
    network: str,
    is_human: bool = False,
) -> None:
    event = Event(
        uuid7(),
        message_id,
        reader.delivery_id,
        reader.arrived_at + timedelta(seconds=seconds),
        link,
        agent,
        network,
    )
    day.events.append(event)
    if is_human:
        day.human.add(event.id)


def _network(chance: random.Random, first: int) -> str:
    return f"{first}.{chance.randrange(256)}.{chance.randrange(256)}.0/24"
