"""What became of a campaign: one set of figures for the page, the API and the command line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from mailer.campaigns.models import Campaign
from mailer.db import db
from mailer.delivery.models import DEFERRED, Delivery, DeliveryCount, DeliveryState
from mailer.tracking.models import Activity, HourlyActivity, LinkActivity

#: The chart ends when nothing has happened for a while, and after a month in any case.
_LONGEST_CHART = timedelta(days=30)


@dataclass(frozen=True)
class Tally:
    """How often something was done, and by how many people."""

    people: int = 0
    total: int = 0


@dataclass(frozen=True)
class LinkFigures:
    """One numbered link."""

    number: int
    url: str
    people: int
    total: int


@dataclass(frozen=True)
class Report:
    """A campaign's figures; the audience is always the sum of the states below it."""

    status: str
    audience: int
    accepted: int
    rejected: int
    skipped: int
    held: int
    in_doubt: int
    waiting: int
    opens: Tally
    clicks: Tally
    unsubscribes: int
    skipped_reasons: dict[str, int]
    links: list[LinkFigures]

    @property
    def ended(self) -> int:
        """How many deliveries need nothing more."""
        return self.audience - self.waiting

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON, in the words of the API."""
        return {
            "status": self.status,
            "audience": self.audience,
            "accepted": self.accepted,
            "rejected": self.rejected,
            "skipped": self.skipped,
            "held": self.held,
            "in_doubt": self.in_doubt,
            "waiting": self.waiting,
            "opens": vars(self.opens).copy(),
            "clicks": vars(self.clicks).copy(),
            "unsubscribes": self.unsubscribes,
            "skipped_reasons": dict(self.skipped_reasons),
            "links": [vars(link).copy() for link in self.links],
        }


@dataclass(frozen=True)
class Hour:
    """What happened in one hour; people are counted in the hour of their first."""

    at: datetime
    opens: int
    clicks: int


def report(campaign: Campaign) -> Report:
    """Return a campaign's figures as they are now, from sums that are kept, never by counting."""
    states, reasons = _states(campaign.id)
    sums = _sums(campaign.id)
    return Report(
        status=campaign.status.value,
        audience=sum(states.values()),
        accepted=states.get(DeliveryState.ACCEPTED, 0),
        rejected=states.get(DeliveryState.REJECTED, 0),
        skipped=states.get(DeliveryState.SKIPPED, 0),
        held=states.get(DeliveryState.HELD, 0),
        in_doubt=states.get(DeliveryState.IN_DOUBT, 0),
        waiting=states.get(DeliveryState.PREPARED, 0),
        opens=sums.get(Activity.OPEN, Tally()),
        clicks=sums.get(Activity.CLICK, Tally()),
        unsubscribes=sums.get(Activity.UNSUBSCRIBE, Tally()).total,
        skipped_reasons=reasons,
        links=_links(campaign),
    )


def by_hour(campaign: Campaign) -> Sequence[Hour]:
    """Return people's first opens and clicks by the hour, without gaps, from the hour before the launch."""
    rows = db.session.execute(
        select(HourlyActivity.hour, HourlyActivity.activity, HourlyActivity.people).where(
            HourlyActivity.campaign_id == campaign.id,
            HourlyActivity.activity.in_([Activity.OPEN, Activity.CLICK]),
        )
    ).all()
    if not rows or campaign.launched_at is None:
        return []
    counted: dict[datetime, dict[Activity, int]] = {}
    for hour, activity, people in rows:
        counted.setdefault(hour, {})[activity] = people
    first = min(campaign.launched_at.replace(minute=0, second=0, microsecond=0), *counted)
    last = min(max(counted), first + _LONGEST_CHART)
    # The curve rises from nothing, and is a curve even in the first hour.
    hours = [Hour(first - timedelta(hours=1), 0, 0)]
    at = first
    while at <= last:
        done = counted.get(at, {})
        hours.append(Hour(at, done.get(Activity.OPEN, 0), done.get(Activity.CLICK, 0)))
        at += timedelta(hours=1)
    return hours


def deferred_count(campaign: Campaign) -> int:
    """Return how many deliveries wait for another try, because a server put them off."""
    return int(
        db.session.scalar(
            select(func.count()).where(
                Delivery.campaign_id == campaign.id,
                Delivery.attention == DEFERRED,
            )
        )
        or 0
    )


def _states(campaign_id: UUID) -> tuple[dict[DeliveryState, int], dict[str, int]]:
    states: dict[DeliveryState, int] = {}
    reasons: dict[str, int] = {}
    for state, reason, count in db.session.execute(
        select(DeliveryCount.state, DeliveryCount.reason, DeliveryCount.count).where(
            DeliveryCount.campaign_id == campaign_id
        )
    ):
        states[state] = states.get(state, 0) + count
        if reason and count:
            reasons[reason] = reasons.get(reason, 0) + count
    return states, reasons


def _sums(campaign_id: UUID) -> dict[Activity, Tally]:
    return {
        activity: Tally(people=int(people), total=int(total))
        for activity, people, total in db.session.execute(
            select(HourlyActivity.activity, func.sum(HourlyActivity.people), func.sum(HourlyActivity.total))
            .where(HourlyActivity.campaign_id == campaign_id)
            .group_by(HourlyActivity.activity)
        )
    }


def _links(campaign: Campaign) -> list[LinkFigures]:
    if campaign.message is None:
        return []
    counted = {
        number: (people, total)
        for number, people, total in db.session.execute(
            select(LinkActivity.link_number, LinkActivity.people, LinkActivity.total).where(
                LinkActivity.campaign_id == campaign.id
            )
        )
    }
    return [
        LinkFigures(number, url, *counted.get(number, (0, 0)))
        for number, url in enumerate(campaign.message.links)
    ]
