"""What the dashboard shows. Sums and short ranges only: it must be quick at any size."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, select

from mailer.accounts.models import Workspace
from mailer.audience.models import ListDay, MailingList, Subscriber
from mailer.campaigns.models import Campaign, CampaignStatus
from mailer.db import db
from mailer.delivery.doctor import ailing
from mailer.delivery.guard import standings_of
from mailer.delivery.models import (
    DeliveryCount,
    DeliveryState,
    DomainCheck,
    DomainStanding,
    SendingDomain,
    Transport,
)
from mailer.tracking.models import Activity, HourlyActivity


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
    domains: Sequence[DomainStanding]
    ailing: Sequence[tuple[SendingDomain, Sequence[DomainCheck]]]
    paused: Sequence[Campaign]
    scheduled: Sequence[Campaign]

    def __bool__(self) -> bool:
        return any(getattr(self, each.name) for each in fields(self))


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
        return self.next_number is None

    @property
    def next_number(self) -> int | None:
        """The first that is left to do, counted from 1."""
        done = (self.has_list, self.has_subscribers, self.has_campaign, self.has_sent)
        return next((number for number, is_done in enumerate(done, 1) if not is_done), None)


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
        domains=standings_of(workspace),
        ailing=ailing(workspace),
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


def _accepted(campaign_ids: Sequence[UUID]) -> dict[UUID, int]:
    rows = db.session.execute(
        select(DeliveryCount.campaign_id, func.sum(DeliveryCount.count))
        .where(DeliveryCount.campaign_id.in_(campaign_ids), DeliveryCount.state == DeliveryState.ACCEPTED)
        .group_by(DeliveryCount.campaign_id)
    )
    return {campaign_id: int(count) for campaign_id, count in rows}


def _people(campaign_ids: Sequence[UUID], activity: Activity) -> dict[UUID, int]:
    rows = db.session.execute(
        select(HourlyActivity.campaign_id, func.sum(HourlyActivity.human_people))
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
    count = db.session.scalar(
        select(func.sum(ListDay.pending))
        .join(MailingList, MailingList.id == ListDay.list_id)
        .where(MailingList.workspace_id == workspace.id, MailingList.archived_at.is_(None))
    )
    return int(count or 0)


def _in_status(workspace: Workspace, status: CampaignStatus) -> Sequence[Campaign]:
    return db.session.scalars(
        select(Campaign)
        .where(Campaign.workspace_id == workspace.id, Campaign.status == status)
        .order_by(Campaign.scheduled_at, Campaign.id)
        .limit(5)
    ).all()


def _any(condition: ColumnElement[bool]) -> bool:
    return bool(db.session.scalar(select(exists().where(condition))))
