"""What is asked of campaigns. The workspace comes first, so that none is forgotten."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import aliased

from mailer.audience.models import Subscriber, Subscription, SubscriptionStatus
from mailer.audience.queries.lists import counts_of
from mailer.campaigns.models import Campaign, CampaignStatus
from mailer.consent import gate
from mailer.db import db, owned
from mailer.delivery.models import DeliveryCount, DeliveryState, Sender
from mailer.errors import NotFound
from mailer.lib.ids import parse_id
from mailer.rendering.checks.families import mix_of
from mailer.tracking.models import Activity, HourlyActivity, Open

#: Up to here people are counted one by one; above, the lists' own counts say it at once.
_COUNTED_EXACTLY = 10_000
#: Opens of the last campaigns say with which mail clients an audience reads.
_LAST_CAMPAIGNS = 5
_MOST_OPENS = 5_000
_MISSING = "There is no such campaign."


@dataclass(frozen=True)
class Reach:
    """How many people a campaign would go to.

    :param is_exact: whether each was counted; otherwise it is the most that there can be
    """

    people: int
    is_exact: bool


@dataclass(frozen=True)
class Figures:
    """A campaign's sums, as lists of campaigns show them; opens and clicks are of people, not of machines."""

    audience: int = 0
    waiting: int = 0
    accepted: int = 0
    opens: int = 0
    clicks: int = 0


def campaign_by_id(workspace_id: UUID, public_id: str) -> Campaign:
    """Return one of the workspace's campaigns.

    :raises NotFound: there is none with this id
    """
    return owned(Campaign, workspace_id, public_id, Campaign.deleted_at.is_(None), otherwise=_MISSING)


def campaign_anywhere(public_id: str) -> Campaign:
    """Return a campaign of whichever workspace, for whoever runs this installation.

    :raises NotFound: there is none with this id
    """
    found = db.session.get(Campaign, parse_id(Campaign.prefix, public_id) or UUID(int=0))
    if found is None:
        raise NotFound(f"There is no campaign {public_id}.")
    return found


def launched_ids() -> list[str]:
    """Return the campaigns of every workspace that were launched, oldest first."""
    launched = select(Campaign).where(Campaign.launched_at.is_not(None)).order_by(Campaign.id)
    return [campaign.public_id for campaign in db.session.scalars(launched)]


def deleted_campaign(workspace_id: UUID, public_id: str) -> Campaign:
    """Return a draft that was thrown away.

    :raises NotFound: there is none with this id
    """
    return owned(Campaign, workspace_id, public_id, Campaign.deleted_at.is_not(None), otherwise=_MISSING)


def campaigns_of(
    workspace_id: UUID, *, search: str = "", status: CampaignStatus | None = None
) -> Select[Campaign]:
    """Return the workspace's campaigns whose name or subject holds some words."""
    query = select(Campaign).where(Campaign.workspace_id == workspace_id, Campaign.deleted_at.is_(None))
    if status is not None:
        query = query.where(Campaign.status == status)
    for word in search.split():
        query = query.where(
            Campaign.name.icontains(word, autoescape=True) | Campaign.subject.icontains(word, autoescape=True)
        )
    return query


def due_campaigns(now: datetime) -> Sequence[Campaign]:
    """Return the scheduled campaigns whose time has come, in every workspace."""
    return db.session.scalars(
        select(Campaign)
        .where(
            Campaign.status == CampaignStatus.SCHEDULED,
            Campaign.scheduled_at <= now,
            Campaign.deleted_at.is_(None),
        )
        .order_by(Campaign.scheduled_at)
    ).all()


def figures_of(campaigns: Iterable[Campaign]) -> dict[UUID, Figures]:
    """Return the sums of campaigns, by campaign."""
    ids = [campaign.id for campaign in campaigns]
    states: dict[UUID, dict[DeliveryState, int]] = {identifier: {} for identifier in ids}
    for campaign_id, state, count in db.session.execute(
        select(DeliveryCount.campaign_id, DeliveryCount.state, func.sum(DeliveryCount.count))
        .where(DeliveryCount.campaign_id.in_(ids))
        .group_by(DeliveryCount.campaign_id, DeliveryCount.state)
    ):
        states[campaign_id][state] = int(count)
    people = {
        campaign_id: (int(opens or 0), int(clicks or 0))
        for campaign_id, opens, clicks in db.session.execute(
            select(HourlyActivity.campaign_id, _people(Activity.OPEN), _people(Activity.CLICK))
            .where(HourlyActivity.campaign_id.in_(ids))
            .group_by(HourlyActivity.campaign_id)
        )
    }
    return {identifier: _figures(states[identifier], people.get(identifier, (0, 0))) for identifier in ids}


def reach(campaign: Campaign, *, now: datetime, narrowing: Sequence[ColumnElement[bool]] = ()) -> Reach:
    """Return how many people a campaign would go to now.

    :param narrowing: conditions on ``Subscription``, as its segments ask
    """
    most = sum(counts.active for counts in counts_of(campaign.lists).values())
    if not campaign.lists or (most > _COUNTED_EXACTLY and not narrowing):
        return Reach(most, is_exact=not most)
    list_ids = [one.id for one in campaign.lists]
    # A name of its own, since segments ask about subscribers too.
    person = aliased(Subscriber, name="person")
    refusal = gate.refusal(person, workspace_id=Subscription.workspace_id, lists=list_ids, now=now)
    people = db.session.scalar(
        select(func.count(Subscription.subscriber_id.distinct()))
        .select_from(Subscription)
        .join(person, person.id == Subscription.subscriber_id)
        .where(
            Subscription.list_id.in_(list_ids),
            Subscription.status == SubscriptionStatus.ACTIVE,
            refusal.is_(None),
            *narrowing,
        )
    )
    return Reach(int(people or 0), is_exact=True)


def client_mix(workspace_id: UUID) -> Mapping[str, float] | None:
    """Return the share of each family of mail clients among the readers of the last campaigns.

    :return: none when there were too few opens to tell
    """
    last = (
        select(Campaign.id)
        .where(Campaign.workspace_id == workspace_id, Campaign.launched_at.is_not(None))
        .order_by(Campaign.id.desc())
        .limit(_LAST_CAMPAIGNS)
    )
    opens = select(Open.user_agent).where(Open.campaign_id.in_(last)).limit(_MOST_OPENS).subquery()
    counted = select(opens.c.user_agent, func.count()).group_by(opens.c.user_agent)
    return mix_of((agent, count) for agent, count in db.session.execute(counted))


def senders_of(workspace_id: UUID) -> Sequence[Sender]:
    """Return the identities that the workspace sends from."""
    return db.session.scalars(
        select(Sender).where(Sender.workspace_id == workspace_id).order_by(Sender.id)
    ).all()


def usual_sender(workspace_id: UUID) -> Sender:
    """Return whom the last campaign was from, or the workspace's first sender, or nobody yet."""
    last = db.session.execute(
        select(Campaign.from_name, Campaign.from_email, Campaign.reply_to)
        .where(Campaign.workspace_id == workspace_id, Campaign.from_email != "")
        .order_by(Campaign.id.desc())
        .limit(1)
    ).first()
    if last is not None:
        return Sender(name=last.from_name, email=last.from_email, reply_to=last.reply_to)
    return next(iter(senders_of(workspace_id)), None) or Sender(name="", email="", reply_to="")


def _people(activity: Activity) -> ColumnElement[int]:
    return func.sum(case((HourlyActivity.activity == activity, HourlyActivity.human_people), else_=0))


def _figures(states: dict[DeliveryState, int], people: tuple[int, int]) -> Figures:
    waiting = states.get(DeliveryState.PREPARED, 0)
    return Figures(
        audience=sum(states.values()),
        waiting=waiting,
        accepted=states.get(DeliveryState.ACCEPTED, 0),
        opens=people[0],
        clicks=people[1],
    )
