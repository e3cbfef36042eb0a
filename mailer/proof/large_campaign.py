"""A campaign to any number of people with everything that can become of it, for measuring its report.

Made by the rows alone, as fast as the database takes them; the sums that pages are read
from are then made from those rows by the same code that makes them again on demand. So
the report of it can be held against the rows.
"""

import json
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from mailer.accounts.found import create_owner
from mailer.accounts.models import Workspace
from mailer.audience.models import Subscriber
from mailer.bounces.models import Return
from mailer.bulk import Bulk
from mailer.campaigns.draft import Draft, create_draft
from mailer.campaigns.launch import launch
from mailer.campaigns.models import Campaign, CampaignStatus
from mailer.campaigns.rebuild import rebuild_report
from mailer.db import db
from mailer.delivery.models import Delivery, Run
from mailer.events.models import MICROS, CustomEvent
from mailer.proof import letter
from mailer.proof.day import BROWSERS, MPP
from mailer.seeds.grow import CHUNK, Crowd, grow, list_called
from mailer.tracking.facets import facets_of
from mailer.tracking.models import Click, Conversion, Open
from mailer.tracking.verdicts import VERSION, Reason, Verdict

EMAIL: Final = "ana@example.com"
#: How long ago it was sent.
AGE: Final = timedelta(days=4)
#: Of those accepted: who opened themselves, by a machine alone, what came back, and so on.
_OPENS, _MACHINES, _CLICKS, _ORDERS, _LEAVES = 0.36, 0.12, 0.14, 0.06, 0.004
_RETURNS: Final = (
    (0.006, "bounce", True, "5.1.1"),
    (0.010, "bounce", False, "5.2.2"),
    (0.011, "complaint", None, ""),
    (0.014, "auto_reply", None, ""),
    (0.015, "reply", None, ""),
)
_REJECTED: Final = 0.008
_SECONDS_A_DELIVERY: Final = 0.0004
_NETWORKS: Final = ("81.130.0.0/24", "85.240.8.0/24", "79.192.4.0/24", "90.0.8.0/24", "80.24.2.0/24")

_DELIVERY: Final = (
    *("id", "created_at", "workspace_id", "message_id", "campaign_id", "subscriber_id", "list_id", "email"),
    *("state", "attempt", "crash_count", "reply", "ended_at", "opened_at", "clicked_at"),
    *("human_opened_at", "human_clicked_at", "unsubscribed_at"),
)
_JUDGED: Final = (
    *("id", "workspace_id", "campaign_id", "delivery_id", "at", "user_agent", "network"),
    *("verdict", "reason", "judged_by", "facets"),
)
_RETURN: Final = (
    *("id", "created_at", "workspace_id", "campaign_id", "delivery_id", "subscriber_id", "kind", "email"),
    *("is_hard", "status", "code", "feedback_type", "subject", "words", "via", "trust", "effect"),
    "source_key",
)
_EVENT: Final = (
    *("id", "created_at", "workspace_id", "subscriber_id", "name", "at", "key", "value_micros"),
    *("currency", "properties"),
)
_CONVERSION: Final = ("event_id", "campaign_id", "delivery_id", "link_number", "value_micros", "currency")
_COLUMNS: Final[dict[Any, tuple[str, ...]]] = {
    Delivery: _DELIVERY,
    Open: _JUDGED,
    Click: (*_JUDGED, "link_number"),
    Return: _RETURN,
    CustomEvent: _EVENT,
    Conversion: _CONVERSION,
}


@dataclass(frozen=True)
class _Reader:
    """Whom a delivery goes to, and when their server took it."""

    id: UUID
    email: str
    locale: str
    arrived_at: datetime


def sent_to(people: int, *, password: str, now: datetime) -> Iterator[str | Campaign]:
    """Make a workspace with so many people and a campaign that went to all of them; commits as it goes.

    :return: how far it is, in words; the campaign last
    """
    _, workspace = create_owner(email=EMAIL, password=password, workspace="Bakery", name="Ana")
    readers = list_called(workspace.id, "Weekly bread")
    for _ in grow(Crowd.of(readers, people, now=now)):
        db.session.commit()
    yield f"{people:,} people"
    campaign = _launched(workspace, now=now - AGE)
    chance = random.Random(1)  # noqa: S311  - the same campaign each time
    for chunk in _chunks(workspace.id, launched_at=now - AGE):
        _Chunk(campaign, readers.id, chance).write(chunk)
        db.session.commit()
    yield "what became of each"
    rebuild_report(campaign)
    db.session.commit()
    yield campaign


def _launched(workspace: Workspace, *, now: datetime) -> Campaign:
    written = Draft(
        name="From the oven",
        subject="This week from the oven",
        from_email="ana@bakery.example",
        body=letter.body(),
        lists=[list_called(workspace.id, "Weekly bread")],
    )
    campaign = create_draft(workspace.id, written)
    launch(campaign, now=now)
    run = db.session.get_one(Run, campaign.id)
    run.prepared_at = run.ended_at = now + timedelta(minutes=10)
    campaign.move_to(CampaignStatus.FINISHED)
    db.session.commit()
    return campaign


def _chunks(workspace_id: UUID, *, launched_at: datetime) -> Iterator[list[_Reader]]:
    number, last = 0, UUID(int=0)
    while True:
        rows = db.session.execute(
            select(Subscriber.id, Subscriber.email, Subscriber.locale)
            .where(Subscriber.workspace_id == workspace_id, Subscriber.id > last)
            .order_by(Subscriber.id)
            .limit(CHUNK)
        ).all()
        if not rows:
            return
        chunk = []
        for row in rows:
            at = launched_at + timedelta(seconds=2 + number * _SECONDS_A_DELIVERY)
            chunk.append(_Reader(row.id, row.email, row.locale, at))
            number += 1
        last = rows[-1].id
        yield chunk


class _Chunk:
    """Rows of some deliveries and of what became of them."""

    def __init__(self, campaign: Campaign, list_id: UUID, chance: random.Random) -> None:
        self._bulk, self._chance = Bulk(), chance
        assert campaign.message is not None
        bulk = self._bulk
        self._workspace, self._campaign = bulk.id(campaign.workspace_id), bulk.id(campaign.id)
        self._message, self._list = bulk.id(campaign.message.id), bulk.id(list_id)
        links = range(len(campaign.message.links))
        self._links = [number for number in links if number != campaign.message.trap_link]
        self._rows: dict[Any, list[tuple[Any, ...]]] = defaultdict(list)

    def write(self, readers: list[_Reader]) -> None:
        """Insert them."""
        for reader in readers:
            self._send(reader)
        for model, columns in _COLUMNS.items():
            self._bulk.copy_in(model.__tablename__, columns, self._rows[model])

    def _send(self, reader: _Reader) -> None:
        bulk, chance = self._bulk, self._chance
        (delivery,) = bulk.ids_at(reader.arrived_at, 1)
        arrived, null = bulk.moment(reader.arrived_at), bulk.null
        is_rejected = chance.random() < _REJECTED
        opened = clicked = human_opened = human_clicked = left = null
        if not is_rejected:
            kind = chance.random()
            if kind < _OPENS:
                at = reader.arrived_at + timedelta(seconds=5 + chance.expovariate(1 / 14_400))
                opened = human_opened = bulk.moment(at)
                agent, network = chance.choice(BROWSERS), chance.choice(_NETWORKS)
                self._note(Open, reader, delivery, at, agent, network)
                if kind < _CLICKS:
                    at += timedelta(seconds=chance.uniform(5, 90))
                    clicked = human_clicked = bulk.moment(at)
                    link = min(int(chance.expovariate(0.4)), len(self._links) - 1)
                    self._note(Click, reader, delivery, at, agent, network, link=self._links[link])
                    if kind < _ORDERS:
                        self._buy(reader, delivery, at, link=self._links[link])
                if kind > _OPENS - _LEAVES:
                    left = bulk.moment(at + timedelta(seconds=30))
            elif kind < _OPENS + _MACHINES:
                at = reader.arrived_at + timedelta(seconds=chance.uniform(1, 900))
                opened = bulk.moment(at)
                self._note(Open, reader, delivery, at, MPP, chance.choice(_NETWORKS), is_human=False)
            self._come_back(reader, delivery)
        self._rows[Delivery].append(
            (
                *(delivery, arrived, self._workspace, self._message, self._campaign, bulk.id(reader.id)),
                *(self._list, bulk.text(reader.email), "rejected" if is_rejected else "accepted", "1", "0"),
                *("550 5.7.1 Not today" if is_rejected else "250 2.0.0 OK", arrived, opened, clicked),
                *(human_opened, human_clicked, left),
            )
        )

    def _note(
        self,
        model: Any,
        reader: _Reader,
        delivery: Any,
        at: datetime,
        agent: str,
        network: str,
        *,
        link: int | None = None,
        is_human: bool = True,
    ) -> None:
        facets = facets_of(
            email=reader.email,
            locale=reader.locale,
            user_agent=agent,
            network=network,
            at=at,
            arrived_at=reader.arrived_at,
        )
        verdict, reason = (
            (Verdict.HUMAN, Reason.NOTHING_ODD) if is_human else (Verdict.APPLE_MPP, Reason.USER_AGENT)
        )
        row = (
            *(self._bulk.ids_at(at, 1)[0], self._workspace, self._campaign, delivery, self._bulk.moment(at)),
            *(agent, network, verdict.value, reason.value, str(VERSION), json.dumps(facets)),
        )
        self._rows[model].append(row if link is None else (*row, str(link)))

    def _buy(self, reader: _Reader, delivery: Any, at: datetime, *, link: int) -> None:
        bulk = self._bulk
        at += timedelta(minutes=self._chance.uniform(1, 600))
        (event,) = bulk.ids_at(at, 1)
        moment, value = bulk.moment(at), str(self._chance.randrange(3, 90) * MICROS)
        subscriber = bulk.id(reader.id)
        self._rows[CustomEvent].append(
            (
                *(event, moment, self._workspace, subscriber, "order.placed", moment, token_hex(8)),
                *(value, "EUR", "{}"),
            )
        )
        self._rows[Conversion].append((event, self._campaign, delivery, str(link), value, "EUR"))

    def _come_back(self, reader: _Reader, delivery: Any) -> None:
        bulk, draw = self._bulk, self._chance.random()
        found = next((each for each in _RETURNS if draw < each[0]), None)
        if found is None:
            return
        _, kind, is_hard, status = found
        at = reader.arrived_at + timedelta(minutes=self._chance.uniform(1, 2_000))
        hard = bulk.null if is_hard is None else str(int(is_hard))
        self._rows[Return].append(
            (
                *(bulk.ids_at(at, 1)[0], bulk.moment(at), self._workspace, self._campaign, delivery),
                *(bulk.id(reader.id), kind, bulk.text(reader.email), hard, status, "", "", "Returned", ""),
                *("mailbox", "token", "nothing", token_hex(16)),
            )
        )
