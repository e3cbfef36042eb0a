"""Believable results of campaigns: who was reached, who read when, and what they followed.

The shape is that of real newsletters: half of the opens come within three hours, some in
the evening, a thin tail over days, few at night; some people read everything and many
read little; one link is followed more than the others.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from mailer.bounces.models import Return
from mailer.campaigns.models import Campaign
from mailer.delivery.models import Attempt, Delivery, DeliveryState, SkipReason
from mailer.seeds.answers import answer_of
from mailer.seeds.moments import id_at
from mailer.tracking.facets import facets_of
from mailer.tracking.models import Click, Open
from mailer.tracking.verdicts import VERSION, Reason, Verdict

#: Where readers ask from: networks of providers in the lands of the bakery's readers.
_NETWORKS: Final = {
    "en": ("81.130.0.0/24", "86.128.12.0/24", "90.192.4.0/24"),
    "pt": ("85.240.8.0/24", "188.80.16.0/24", "94.60.2.0/24"),
    "de": ("79.192.4.0/24", "91.0.12.0/24"),
    "fr": ("90.0.8.0/24", "82.64.16.0/24"),
    "es": ("80.24.2.0/24", "88.0.4.0/24"),
}
_AGENTS: Final = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0",
    "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile",
)
#: How likely someone is at their mail, by the hour of the day.
_AWAKE: Final = (
    *(0.08, 0.04, 0.03, 0.03, 0.05, 0.15, 0.45, 0.75, 0.9, 0.95, 0.9, 0.85),
    *(1.0, 0.9, 0.8, 0.8, 0.85, 0.9, 0.95, 1.0, 0.95, 0.8, 0.5, 0.2),
)
_CLICKS_OF_READERS: Final = 0.2
_LEAVES_OF_READERS: Final = 0.007
_BOUNCES: Final = 0.006
_SECONDS_A_DELIVERY: Final = 0.02


@dataclass
class Reader:
    """A subscriber of the demo world, as far as campaigns care.

    :param interest: how likely they read what reaches them, 0 to 1
    :param left_at: when they left the list that campaigns go to
    """

    id: UUID
    email: str
    joined_at: datetime
    interest: float
    locale: str = ""
    left_at: datetime | None = None
    suppressed_at: datetime | None = None
    #: The delivery whose link they left by, or that bounced.
    because_of: UUID | None = None
    has_bounced: bool = False


@dataclass(frozen=True)
class _Luck:
    """What decides how a campaign does.

    :ivar appeal: how much more, or less, readers open it than they would any
    :ivar pulls: how much each of its links draws, by number
    """

    appeal: float
    pulls: Sequence[float]
    now: datetime
    chance: random.Random


@dataclass
class Results:
    """Rows of one campaign, by table, ready to be inserted."""

    rows: dict[Any, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))


def results_of(
    campaign: Campaign,
    list_id: UUID,
    readers: Iterable[Reader],
    *,
    appeal: float,
    pulls: Sequence[float],
    now: datetime,
    chance: random.Random,
) -> Results:
    """Make what became of a campaign, and let readers leave or bounce on the way."""
    results, luck = Results(), _Luck(appeal, pulls, now, chance)
    launched = campaign.launched_at
    assert launched is not None
    for number, reader in enumerate(reader for reader in readers if reader.joined_at < launched):
        at = launched + timedelta(seconds=2 + number * _SECONDS_A_DELIVERY)
        delivery = _delivery(campaign, list_id, reader, at)
        _decide(delivery, reader, at, chance)
        if delivery["state"] is DeliveryState.REJECTED:
            results.rows[Attempt].append(_attempt(delivery, at))
        if delivery["state"] is DeliveryState.ACCEPTED:
            _read(results, delivery, reader, at, luck)
            answer = answer_of(delivery, at=at, now=now, chance=chance)
            if answer is not None:
                results.rows[Return].append(answer)
        results.rows[Delivery].append(delivery)
    return results


def _delivery(campaign: Campaign, list_id: UUID, reader: Reader, at: datetime) -> dict[str, Any]:
    return {
        "id": id_at(at),
        "created_at": campaign.launched_at,
        "workspace_id": campaign.workspace_id,
        "message_id": campaign.message_id,
        "campaign_id": campaign.id,
        "subscriber_id": reader.id,
        "list_id": list_id,
        "email": reader.email,
        "state": DeliveryState.ACCEPTED,
        "skip_reason": None,
        "attempt": 1,
        "first_tried_at": at,
        "reply": "250 2.0.0 OK",
        "ended_at": at,
        "opened_at": None,
        "clicked_at": None,
        "human_opened_at": None,
        "human_clicked_at": None,
        "unsubscribed_at": None,
    }


def _decide(delivery: dict[str, Any], reader: Reader, at: datetime, chance: random.Random) -> None:
    """Let the gate, or the receiving server, say no."""
    reason = None
    if reader.suppressed_at is not None and reader.suppressed_at < at:
        reason = SkipReason.SUPPRESSED
    elif reader.left_at is not None and reader.left_at < at:
        reason = SkipReason.UNSUBSCRIBED
    if reason is not None:
        delivery |= {
            "state": DeliveryState.SKIPPED,
            "skip_reason": reason,
            "attempt": 0,
            "first_tried_at": None,
            "reply": "",
        }
    elif chance.random() < _BOUNCES:
        delivery |= {
            "state": DeliveryState.REJECTED,
            "reply": "550 5.1.1 The email account that you tried to reach does not exist",
        }
        reader.suppressed_at, reader.because_of, reader.has_bounced = at, delivery["id"], True


def _attempt(delivery: dict[str, Any], at: datetime) -> dict[str, Any]:
    return {
        "workspace_id": delivery["workspace_id"],
        "created_at": at,
        "delivery_id": delivery["id"],
        "number": 1,
        "outcome": "rejected",
        "code": 550,
        "reply": delivery["reply"],
        "is_dead_address": True,
    }


def _read(results: Results, delivery: dict[str, Any], reader: Reader, at: datetime, luck: _Luck) -> None:
    """Let someone open, follow links and perhaps leave."""
    now, chance = luck.now, luck.chance
    opened = at + _delay(chance)
    while chance.random() > _AWAKE[opened.hour]:
        opened += timedelta(minutes=chance.uniform(20, 90))
    if chance.random() > reader.interest * luck.appeal or opened >= now:
        return
    agent = chance.choice(_AGENTS)
    network = chance.choice(_NETWORKS.get(reader.locale.partition("-")[0], _NETWORKS["en"]))

    def facets(moment: datetime) -> list[str]:
        return facets_of(
            email=reader.email,
            locale=reader.locale,
            user_agent=agent,
            network=network,
            at=moment,
            arrived_at=at,
        )

    event = {
        "workspace_id": delivery["workspace_id"],
        "campaign_id": delivery["campaign_id"],
        "delivery_id": delivery["id"],
        "user_agent": agent,
        "network": network,
        "verdict": Verdict.HUMAN,
        "reason": Reason.NOTHING_ODD,
        "judged_by": VERSION,
    }
    delivery["opened_at"] = delivery["human_opened_at"] = opened
    for again in _openings(opened, now=now, chance=chance):
        results.rows[Open].append({**event, "id": id_at(again), "at": again, "facets": facets(again)})
    for clicked in _clicks(opened, now=now, chance=chance):
        number = chance.choices(range(len(luck.pulls)), luck.pulls)[0]
        click = {**event, "id": id_at(clicked), "at": clicked, "facets": facets(clicked)}
        results.rows[Click].append({**click, "link_number": number})
        delivery["clicked_at"] = delivery["human_clicked_at"] = delivery["clicked_at"] or clicked
    left = opened + timedelta(seconds=chance.uniform(5, 60))
    if chance.random() < _LEAVES_OF_READERS and left < now:
        reader.left_at, reader.because_of = left, delivery["id"]
        delivery["unsubscribed_at"] = left


def _openings(first: datetime, *, now: datetime, chance: random.Random) -> Iterator[datetime]:
    """Yield when someone opens a mail: once, and some of them again."""
    opened = first
    while opened < now:
        yield opened
        if chance.random() > 0.3:
            return
        opened += timedelta(hours=chance.expovariate(1 / 9))


def _clicks(opened: datetime, *, now: datetime, chance: random.Random) -> Iterator[datetime]:
    """Yield when someone who has opened a mail follows links; who has followed one likes to follow more."""
    clicked = opened
    while chance.random() < _CLICKS_OF_READERS * (1 if clicked is opened else 1.4):
        clicked += timedelta(seconds=chance.uniform(8, 150))
        if clicked >= now:
            return
        yield clicked


def _delay(chance: random.Random) -> timedelta:
    """Return how long after its arrival a mail is looked at."""
    kind = chance.random()
    if kind < 0.58:
        return timedelta(hours=chance.expovariate(1 / 1.6))
    if kind < 0.85:
        return timedelta(hours=max(0.5, chance.gauss(8.5, 2)))
    return timedelta(hours=12 + chance.expovariate(1 / 22))
