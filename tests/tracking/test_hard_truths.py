"""A day that is harder to judge: quick people and offices, patient scanners and gateways of few words."""

import random
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from uuid import UUID

from mailer.lib.ids import uuid7
from mailer.proof.day import BROWSERS, CHROME, LAUNCH, MPP
from mailer.tracking.crowds import crowds, hasty
from mailer.tracking.verdicts import Seen, judge

LINKS = 6
READERS = 6_000


class HardDay:
    """What happened, and who did it."""

    def __init__(self) -> None:
        self.chance = random.Random(7)
        self.seen: list[Seen] = []
        self.arrivals: dict[UUID, datetime] = {}
        self.who: dict[UUID, str] = {}
        for number in range(READERS):
            delivery_id = uuid7()
            self.arrivals[delivery_id] = LAUNCH + timedelta(seconds=number / 100)
            self.machine(delivery_id)
            if self.chance.random() < 0.22:
                self.person(delivery_id, in_office=number % 10 == 0)

    def machine(self, delivery_id: UUID) -> None:
        kind = self.chance.random()
        if kind < 0.04:
            self.patient_scanner(delivery_id)
        elif kind < 0.06:
            # One link only, by four networks that say they are Chrome.
            network = f"45.60.{self.chance.randrange(4)}.0/24"
            self.add("one link", delivery_id, self.chance.uniform(1, 15), self.link(), CHROME, network)
        elif kind < 0.20:
            # Apple's privacy protection, at any time within three days.
            self.add("mpp", delivery_id, self.chance.uniform(1, 259_200), None, MPP, self.network(17))

    def patient_scanner(self, delivery_id: UUID) -> None:
        """Waits for minutes, follows links one by one, not always the hidden one, and comes again."""
        links = [*range(LINKS), *([LINKS] if self.chance.random() < 0.5 else [])]
        self.chance.shuffle(links)
        at, agent, network = self.chance.uniform(120, 600), self.chance.choice(BROWSERS), self.network(20)
        for link in links:
            self.add("scanner", delivery_id, at, link, agent, network)
            at += self.chance.uniform(0.2, 3)
        if self.chance.random() < 0.3:
            at += self.chance.uniform(20, 400)
            self.add("scanner again", delivery_id, at, self.link(), agent, network)

    def person(self, delivery_id: UUID, *, in_office: bool) -> None:
        """One in thirty is there two seconds after the mail; one in ten opens links into tabs."""
        agent = self.chance.choice(BROWSERS)
        network = "203.0.113.0/24" if in_office else self.network(80)
        at = 2.0 if self.chance.random() < 0.03 else self.chance.expovariate(1 / 3_600) + 4
        is_quick = self.chance.random() < 0.1
        for link in self.chance.sample(range(LINKS), self.chance.choice((1, 1, 1, 2, 2, 3, 4))):
            self.add("person", delivery_id, at, link, agent, network)
            at += self.chance.uniform(0.6, 2) if is_quick else self.chance.uniform(3, 60)

    def add(
        self, who: str, delivery_id: UUID, seconds: float, link: int | None, agent: str, network: str
    ) -> None:
        at = self.arrivals[delivery_id] + timedelta(seconds=seconds)
        event = Seen(uuid7(), delivery_id, at, link, agent, network)
        self.seen.append(event)
        self.who[event.id] = who

    def link(self) -> int:
        return self.chance.randrange(LINKS)

    def network(self, first: int) -> str:
        return f"{first}.{self.chance.randrange(256)}.{self.chance.randrange(256)}.0/24"


def test_patient_machines_and_quick_people_are_told_apart():
    day = HardDay()
    clicks = [event for event in day.seen if event.link_number is not None]
    crowded = crowds(day.seen) | hasty(clicks, day.arrivals)
    by_delivery: dict[UUID, list[Seen]] = defaultdict(list)
    for event in day.seen:
        by_delivery[event.delivery_id].append(event)

    verdicts = {}
    for delivery_id, seen in by_delivery.items():
        verdicts |= judge(seen, arrived_at=day.arrivals[delivery_id], trap=LINKS, crowded=crowded)

    called_human = {event.id for event in clicks if verdicts[event.id][0].is_human}
    human = {event.id for event in clicks if day.who[event.id] == "person"}
    right = len(called_human & human)
    mistakes = Counter((day.who[each], verdicts[each][1].value) for each in called_human ^ human)
    assert right / len(called_human) >= 0.95, mistakes
    assert right / len(human) >= 0.95, mistakes
