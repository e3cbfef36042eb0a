"""What the dashboard shows. Sums and index ranges only: it must be quick at any size."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, exists, func, literal, select, union_all

from mailer.accounts.models import Workspace
from mailer.audience.models import MailingList, Subscriber, Subscription, SubscriptionStatus
from mailer.campaigns.models import Campaign, CampaignStatus
from mailer.db import db
from mailer.delivery.models import DeliveryCount, DeliveryState, Transport
from mailer.tracking.models import Activity, HourlyActivity


@dataclass(frozen=True)
class Growth:
    """How many subscribers there were at the end of each day, oldest first."""

    days: Sequence[tuple[date, int]]

    @property
    def total(self) -> int:
        """How many there are now."""
        return self.days[-1][1]

    @property
    def added(self) -> int:
        """How many came within these days."""
        return self.total - self.days[0][1]


@dataclass(frozen=True)
class Sent:
    """A campaign with its figures."""

    campaign: Campaign
    accepted: int
    opens: int
    clicks: int


@dataclass(frozen=True)
class Attention:
    """What somebody should look at."""

    held: int
    in_doubt: int
    unconfirmed: int
    paused: Sequence[Campaign]
    scheduled: Sequence[Campaign]

    def __bool__(self) -> bool:
        return bool(self.held or self.in_doubt or self.unconfirmed or self.paused or self.scheduled)


@dataclass(frozen=True)
class FirstSteps:
    """How far a new workspace is on its way to the first campaign."""

    has_list: bool
    has_subscribers: bool
    has_campaign: bool
    has_sent: bool

    @property
    def are_done(self) -> bool:
        """Whether nothing is left to do for the first time."""
        return self.has_list and self.has_subscribers and self.has_campaign and self.has_sent


def growth(workspace: Workspace, *, now: datetime, day_count: int = 90) -> Growth:
    """Return the audience's size by day in the workspace's zone.

    Each day is one range of the index over (workspace, created_at), so that all of
    them together read each entry once.
    """
    zone = ZoneInfo(workspace.time_zone)
    today = now.astimezone(zone).date()
    days = [today - timedelta(days=back) for back in range(day_count - 1, -1, -1)]
    starts = [datetime.combine(day, time(), zone) for day in days]
    counted: list[Any] = [_counted(workspace, 0, Subscriber.created_at < starts[0])]
    for number, start in enumerate(starts, start=1):
        in_day = Subscriber.created_at >= start
        if number < day_count:
            in_day = in_day & (Subscriber.created_at < starts[number])
        counted.append(_counted(workspace, number, in_day))
    added: dict[int, int] = dict(db.session.execute(union_all(*counted)).all())  # type: ignore[arg-type]
    running, sizes = added[0], []
    for number, day in enumerate(days, start=1):
        running += added[number]
        sizes.append((day, running))
    return Growth(sizes)


def last_sent(workspace: Workspace, *, limit: int = 5) -> list[Sent]:
    """Return the campaigns launched last, with what became of them."""
    campaigns = db.session.scalars(
        select(Campaign)
        .where(Campaign.workspace_id == workspace.id, Campaign.launched_at.is_not(None))
        .order_by(Campaign.launched_at.desc())
        .limit(limit)
    ).all()
    ids = [campaign.id for campaign in campaigns]
    accepted = _accepted(ids)
    opens, clicks = _people(ids, Activity.OPEN), _people(ids, Activity.CLICK)
    return [
        Sent(one, accepted.get(one.id, 0), opens.get(one.id, 0), clicks.get(one.id, 0)) for one in campaigns
    ]


def drafts(workspace: Workspace, *, limit: int = 3) -> Sequence[Campaign]:
    """Return the drafts that were worked on last."""
    return db.session.scalars(
        select(Campaign)
        .where(
            Campaign.workspace_id == workspace.id,
            Campaign.status == CampaignStatus.DRAFT,
            Campaign.deleted_at.is_(None),
        )
        .order_by(Campaign.updated_at.desc())
        .limit(limit)
    ).all()


def attention(workspace: Workspace) -> Attention:
    """Return what waits for somebody."""
    stuck = _stuck(workspace)
    return Attention(
        held=stuck.get(DeliveryState.HELD, 0),
        in_doubt=stuck.get(DeliveryState.IN_DOUBT, 0),
        unconfirmed=_unconfirmed(workspace),
        paused=_in_status(workspace, CampaignStatus.PAUSED),
        scheduled=_in_status(workspace, CampaignStatus.SCHEDULED),
    )


def first_steps(workspace: Workspace) -> FirstSteps:
    """Return how far a new workspace is."""
    mine = Campaign.workspace_id == workspace.id
    return FirstSteps(
        has_list=_any(MailingList.workspace_id == workspace.id),
        has_subscribers=_any(Subscriber.workspace_id == workspace.id),
        has_campaign=_any(mine),
        has_sent=_any(mine & Campaign.launched_at.is_not(None)),
    )


def has_transport(workspace: Workspace) -> bool:
    """Whether the workspace has an SMTP server of its own."""
    return _any(Transport.workspace_id == workspace.id)


def _counted(workspace: Workspace, number: int, condition: ColumnElement[bool]) -> Any:
    return select(literal(number), func.count()).where(Subscriber.workspace_id == workspace.id, condition)


def _accepted(campaign_ids: Sequence[UUID]) -> dict[UUID, int]:
    rows = db.session.execute(
        select(DeliveryCount.campaign_id, func.sum(DeliveryCount.count))
        .where(DeliveryCount.campaign_id.in_(campaign_ids), DeliveryCount.state == DeliveryState.ACCEPTED)
        .group_by(DeliveryCount.campaign_id)
    )
    return {campaign_id: int(count) for campaign_id, count in rows}


def _people(campaign_ids: Sequence[UUID], activity: Activity) -> dict[UUID, int]:
    rows = db.session.execute(
        select(HourlyActivity.campaign_id, func.sum(HourlyActivity.people))
        .where(HourlyActivity.campaign_id.in_(campaign_ids), HourlyActivity.activity == activity)
        .group_by(HourlyActivity.campaign_id)
    )
    return {campaign_id: int(people) for campaign_id, people in rows}


def _stuck(workspace: Workspace) -> dict[DeliveryState, int]:
    rows = db.session.execute(
        select(DeliveryCount.state, func.sum(DeliveryCount.count))
        .join(Campaign, Campaign.id == DeliveryCount.campaign_id)
        .where(
            Campaign.workspace_id == workspace.id,
            DeliveryCount.state.in_([DeliveryState.HELD, DeliveryState.IN_DOUBT]),
        )
        .group_by(DeliveryCount.state)
    )
    return {state: int(count) for state, count in rows}


def _unconfirmed(workspace: Workspace) -> int:
    # By list, because the index over subscriptions begins with it.
    lists = select(MailingList.id).where(MailingList.workspace_id == workspace.id)
    count = db.session.scalar(
        select(func.count()).where(
            Subscription.list_id.in_(lists), Subscription.status == SubscriptionStatus.PENDING
        )
    )
    return count or 0


def _in_status(workspace: Workspace, status: CampaignStatus) -> Sequence[Campaign]:
    return db.session.scalars(
        select(Campaign)
        .where(Campaign.workspace_id == workspace.id, Campaign.status == status)
        .order_by(Campaign.scheduled_at, Campaign.id)
        .limit(5)
    ).all()


def _any(condition: ColumnElement[bool]) -> bool:
    return bool(db.session.scalar(select(exists().where(condition))))
