"""What the page about a whole workspace is read from: sums that are kept, and the last snapshot."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import func, select

from mailer.accounts.models import Membership
from mailer.audience.models import ListDay, MailingList
from mailer.campaigns.compare import Rates, rates_of
from mailer.campaigns.models import Campaign
from mailer.db import db
from mailer.reports.models import DigestReader


@dataclass(frozen=True)
class Week:
    """What happened on a workspace's lists in one week, which begins on a Monday (UTC)."""

    begins_on: date
    joined: int
    departed: int

    @property
    def net(self) -> int:
        """How many more there were at its end."""
        return self.joined - self.departed


@dataclass(frozen=True)
class Compared:
    """A campaign beside the others."""

    campaign: Campaign
    rates: Rates

    @property
    def open_rate(self) -> float:
        """The share of those accepted who opened themselves."""
        return self.rates.rate("opened") or 0.0


def weeks_of(workspace_id: UUID, *, until: date, weeks: int = 26) -> list[Week]:
    """Return how a workspace's lists grew, week by week, oldest first; a place on each list counts."""
    monday = until - timedelta(days=until.weekday())
    first = monday - timedelta(weeks=weeks - 1)
    rows = db.session.execute(
        select(ListDay.day, func.sum(ListDay.joined), func.sum(ListDay.departed))
        .join(MailingList, MailingList.id == ListDay.list_id)
        .where(MailingList.workspace_id == workspace_id, ListDay.day >= first)
        .group_by(ListDay.day)
    )
    joined: Counter[date] = Counter()
    departed: Counter[date] = Counter()
    for day, came, went in rows:
        begins_on = day - timedelta(days=day.weekday())
        joined[begins_on] += int(came)
        departed[begins_on] += int(went)
    days = [first + timedelta(weeks=number) for number in range(weeks)]
    return [Week(day, joined[day], departed[day]) for day in days]


def compared_of(workspace_id: UUID, *, limit: int = 12) -> list[Compared]:
    """Return the campaigns that were sent last with their rates, newest first."""
    rates = rates_of(workspace_id, limit=limit)
    ids = [each.campaign_id for each in rates]
    campaigns = {one.id: one for one in db.session.scalars(select(Campaign).where(Campaign.id.in_(ids)))}
    return [Compared(campaigns[each.campaign_id], each) for each in rates]


def wants_digest(membership: Membership) -> bool:
    """Whether a member gets the weekly digest."""
    return db.session.get(DigestReader, membership.id) is not None
