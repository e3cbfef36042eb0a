"""What became of a campaign: one set of figures for the page, the API and the command line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from mailer.bounces.queries import ReturnCounts, counts_of
from mailer.campaigns.models import Campaign
from mailer.db import db
from mailer.delivery.models import DEFERRED, Delivery, DeliveryCount, DeliveryState
from mailer.lib.landing import without_place
from mailer.tracking.models import Activity, HourlyActivity, LinkActivity, VerdictActivity
from mailer.tracking.verdicts import Reason, Verdict

#: The chart ends when nothing has happened for a while, and after a month in any case.
_LONGEST_CHART = timedelta(days=30)


@dataclass(frozen=True)
class Tally:
    """How often something was done, and for how many readers; and what of both people did themselves.

    :param people: readers for whom it was done, by whomever: they or a machine that guards their mail
    """

    people: int = 0
    total: int = 0
    human_people: int = 0
    human_total: int = 0


@dataclass(frozen=True)
class LinkFigures:
    """One numbered link."""

    number: int
    url: str
    people: int
    total: int
    human_people: int
    human_total: int


@dataclass(frozen=True)
class VerdictFigures:
    """How many opens or clicks were judged alike."""

    activity: Activity
    verdict: Verdict
    reason: Reason
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
    #: What was judged what, and by which sign: how many opens and clicks.
    verdicts: list[VerdictFigures]
    #: Counted aside: what was accepted and came back stays accepted.
    returns: ReturnCounts

    @property
    def ended(self) -> int:
        """How many deliveries need nothing more."""
        return self.audience - self.waiting

    def judged(self) -> list[tuple[Verdict, Reason, int, int]]:
        """Return how many opens and clicks were judged what, by which sign; people first, then by number."""
        rows: dict[tuple[Verdict, Reason], list[int]] = {}
        for one in self.verdicts:
            counts = rows.setdefault((one.verdict, one.reason), [0, 0])
            counts[one.activity is Activity.CLICK] += one.total
        ordered = sorted(rows.items(), key=lambda row: (not row[0][0].is_human, -sum(row[1])))
        return [(*key, opens, clicks) for key, (opens, clicks) in ordered]

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
            "opens": {"people": self.opens.people, "total": self.opens.total},
            "clicks": {"people": self.clicks.people, "total": self.clicks.total},
            "human_opens": {"people": self.opens.human_people, "total": self.opens.human_total},
            "human_clicks": {"people": self.clicks.human_people, "total": self.clicks.human_total},
            "unsubscribes": self.unsubscribes,
            "bounces": {"hard": self.returns.hard, "soft": self.returns.soft},
            "complaints": self.returns.complaints,
            "replies": self.returns.replies,
            "auto_replies": self.returns.auto_replies,
            "skipped_reasons": dict(self.skipped_reasons),
            "links": [vars(link).copy() for link in self.links],
            "verdicts": [vars(figures).copy() for figures in self.verdicts],
        }


@dataclass(frozen=True)
class Hour:
    """What people did in one hour, each counted in that of their first."""

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
        verdicts=_verdicts(campaign.id),
        returns=counts_of(campaign.id),
    )


def by_hour(campaign: Campaign) -> Sequence[Hour]:
    """Return people's first opens and clicks by the hour, without gaps, from the hour before the launch."""
    rows = db.session.execute(
        select(HourlyActivity.hour, HourlyActivity.activity, HourlyActivity.human_people).where(
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
    figures = (
        HourlyActivity.people,
        HourlyActivity.total,
        HourlyActivity.human_people,
        HourlyActivity.human_total,
    )
    return {
        activity: Tally(*map(int, sums))
        for activity, *sums in db.session.execute(
            select(HourlyActivity.activity, *map(func.sum, figures))
            .where(HourlyActivity.campaign_id == campaign_id)
            .group_by(HourlyActivity.activity)
        )
    }


def _verdicts(campaign_id: UUID) -> list[VerdictFigures]:
    rows = db.session.execute(
        select(
            VerdictActivity.activity, VerdictActivity.verdict, VerdictActivity.reason, VerdictActivity.total
        )
        .where(VerdictActivity.campaign_id == campaign_id, VerdictActivity.total > 0)
        .order_by(VerdictActivity.activity, VerdictActivity.total.desc())
    )
    return [VerdictFigures(*row) for row in rows]


def _links(campaign: Campaign) -> list[LinkFigures]:
    if campaign.message is None:
        return []
    counted = {
        number: figures
        for number, *figures in db.session.execute(
            select(
                LinkActivity.link_number,
                LinkActivity.people,
                LinkActivity.total,
                LinkActivity.human_people,
                LinkActivity.human_total,
            ).where(LinkActivity.campaign_id == campaign.id)
        )
    }
    return [
        LinkFigures(number, without_place(url), *counted.get(number, (0, 0, 0, 0)))
        for number, url in enumerate(campaign.message.links)
        if number != campaign.message.trap_link
    ]
