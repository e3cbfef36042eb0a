"""What the page about a whole workspace is read from: sums that are kept, and the last snapshot."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from mailer.accounts.models import Membership, Workspace
from mailer.audience.models import ListDay, MailingList
from mailer.campaigns.compare import Rates, rates_of
from mailer.campaigns.models import Campaign
from mailer.db import db
from mailer.reports.models import DigestReader
from mailer.tracking.models import Activity, HourlyActivity

#: Hours are those of so long.
HEAT_DAYS: Final = 180
#: With a step of the palette for each tenth of the most.
_HEAT_STEPS: Final = 9


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
class HeatMap:
    """First opens by people, by weekday (Monday first) and hour, in the workspace's zone."""

    rows: Sequence[Sequence[int]]

    @property
    def total(self) -> int:
        """How many there were."""
        return sum(map(sum, self.rows))

    @property
    def best(self) -> list[tuple[int, int, int]]:
        """The three busiest: weekday, hour, opens."""
        cells = [
            (day, hour, opens) for day, row in enumerate(self.rows) for hour, opens in enumerate(row) if opens
        ]
        return sorted(cells, key=lambda cell: -cell[2])[:3]

    def step(self, opens: int) -> int:
        """Return how hot a cell is, from 0 to 9."""
        most = max(map(max, self.rows))
        return -(-_HEAT_STEPS * opens // most) if most else 0


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


def heat_map_of(workspace: Workspace, *, now: datetime) -> HeatMap:
    """Return when a workspace's people first open."""
    rows = db.session.execute(
        select(HourlyActivity.hour, func.sum(HourlyActivity.human_people))
        .join(Campaign, Campaign.id == HourlyActivity.campaign_id)
        .where(
            Campaign.workspace_id == workspace.id,
            HourlyActivity.activity == Activity.OPEN,
            HourlyActivity.hour > now - timedelta(days=HEAT_DAYS),
        )
        .group_by(HourlyActivity.hour)
    )
    cells = [[0] * 24 for _ in range(7)]
    zone = ZoneInfo(workspace.time_zone)
    for hour, people in rows:
        local = hour.astimezone(zone)
        cells[local.weekday()][local.hour] += int(people)
    return HeatMap(cells)


def compared_of(workspace_id: UUID, *, limit: int = 12) -> list[Compared]:
    """Return the campaigns that were sent last with their rates, newest first."""
    rates = rates_of(workspace_id, limit=limit)
    ids = [each.campaign_id for each in rates]
    campaigns = {one.id: one for one in db.session.scalars(select(Campaign).where(Campaign.id.in_(ids)))}
    return [Compared(campaigns[each.campaign_id], each) for each in rates]


def wants_digest(membership: Membership) -> bool:
    """Whether a member gets the weekly digest."""
    return db.session.get(DigestReader, membership.id) is not None
