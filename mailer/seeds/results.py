"""Believable results of campaigns: who was reached, who read when, and what they followed.

The shape is that of real newsletters: half of the opens come within three hours, some in
the evening, a thin tail over days, few at night; some people read everything and many
read little; one link is followed more than the others.
"""

import random
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from mailer.bounces.models import Return
from mailer.campaigns.models import Campaign
from mailer.delivery.models import Attempt, Delivery, DeliveryState, SkipReason
from mailer.seeds.answers import answer_of
from mailer.seeds.moments import id_at
from mailer.seeds.visits import Mail, by_machines, by_reader, habits_of
from mailer.tracking.crowds import crowds
from mailer.tracking.facets import facets_of
from mailer.tracking.models import Click, Open
from mailer.tracking.verdicts import VERSION, Seen, judge

#: How likely someone is at their mail, by the hour of the day.
_AWAKE: Final = (
    *(0.08, 0.04, 0.03, 0.03, 0.05, 0.15, 0.45, 0.75, 0.9, 0.95, 0.9, 0.85),
    *(1.0, 0.9, 0.8, 0.8, 0.85, 0.9, 0.95, 1.0, 0.95, 0.8, 0.5, 0.2),
)
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
    :ivar trap: the number of the link that only machines see
    """

    appeal: float
    pulls: Sequence[float]
    trap: int | None
    now: datetime
    chance: random.Random


class _Visits(NamedTuple):
    """What was seen of one delivery, in the order of time."""

    delivery: dict[str, Any]
    reader: Reader
    seen: Sequence[Seen]


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
    launched, message = campaign.launched_at, campaign.message
    assert launched is not None
    assert message is not None
    results, luck = Results(), _Luck(appeal, pulls, message.trap_link, now, chance)
    visits: list[_Visits] = []
    for number, reader in enumerate(reader for reader in readers if reader.joined_at < launched):
        at = launched + timedelta(seconds=2 + number * _SECONDS_A_DELIVERY)
        delivery = _delivery(campaign, list_id, reader, at)
        _decide(delivery, reader, at, chance)
        if delivery["state"] is DeliveryState.REJECTED:
            results.rows[Attempt].append(_attempt(delivery, at))
        if delivery["state"] is DeliveryState.ACCEPTED:
            visits.append(_Visits(delivery, reader, _visited(delivery, reader, at, luck)))
            answer = answer_of(delivery, at=at, now=now, chance=chance)
            if answer is not None:
                results.rows[Return].append(answer)
        results.rows[Delivery].append(delivery)
    crowded = crowds(one for each in visits for one in each.seen)
    for each in visits:
        _judge(results, each, trap=luck.trap, crowded=crowded)
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


def _visited(delivery: dict[str, Any], reader: Reader, at: datetime, luck: _Luck) -> list[Seen]:
    """Let machines and someone open, follow links and perhaps leave; return what was seen of it."""
    chance = luck.chance
    mail, habits = Mail(delivery["id"], at, luck.pulls, luck.trap), habits_of(reader.email, reader.locale)
    seen = list(by_machines(mail, habits, chance))
    opened = _looked_at(reader, at, luck)
    if opened is not None:
        seen += by_reader(mail, habits, opened, chance)
        left = opened + timedelta(seconds=chance.uniform(5, 60))
        if chance.random() < _LEAVES_OF_READERS and left < luck.now:
            reader.left_at, reader.because_of = left, delivery["id"]
            delivery["unsubscribed_at"] = left
    return sorted((one for one in seen if one.at < luck.now), key=lambda one: one.at)


def _looked_at(reader: Reader, at: datetime, luck: _Luck) -> datetime | None:
    """Return when someone looks at a mail, if they do."""
    opened = at + _delay(luck.chance)
    while luck.chance.random() > _AWAKE[opened.hour]:
        opened += timedelta(minutes=luck.chance.uniform(20, 90))
    if luck.chance.random() > reader.interest * luck.appeal or opened >= luck.now:
        return None
    return opened


def _judge(results: Results, visits: _Visits, *, trap: int | None, crowded: Collection[UUID]) -> None:
    """Write down opens and clicks, judged like real ones, and the first of each."""
    delivery, reader, seen = visits
    arrived_at = delivery["ended_at"]
    told = judge(seen, arrived_at=arrived_at, trap=trap, crowded=crowded)
    for one in seen:
        verdict, reason = told[one.id]
        row = {
            "id": one.id,
            "workspace_id": delivery["workspace_id"],
            "campaign_id": delivery["campaign_id"],
            "delivery_id": delivery["id"],
            "at": one.at,
            "user_agent": one.user_agent,
            "network": one.network,
            "verdict": verdict,
            "reason": reason,
            "judged_by": VERSION,
            "facets": facets_of(
                email=reader.email,
                locale=reader.locale,
                user_agent=one.user_agent,
                network=one.network,
                at=one.at,
                arrived_at=arrived_at,
            ),
        }
        if one.link_number is None:
            results.rows[Open].append(row)
        else:
            results.rows[Click].append(row | {"link_number": one.link_number})
        what = "opened_at" if one.link_number is None else "clicked_at"
        for name in (what, f"human_{what}") if verdict.is_human else (what,):
            delivery[name] = delivery[name] or one.at


def _delay(chance: random.Random) -> timedelta:
    """Return how long after its arrival a mail is looked at."""
    kind = chance.random()
    if kind < 0.58:
        return timedelta(hours=chance.expovariate(1 / 1.6))
    if kind < 0.85:
        return timedelta(hours=max(0.5, chance.gauss(8.5, 2)))
    return timedelta(hours=12 + chance.expovariate(1 / 22))
