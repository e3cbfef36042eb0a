"""The hours of the week in which a workspace's people open, and the one to send at next time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from mailer.accounts.models import Workspace
from mailer.campaigns.models import Campaign
from mailer.db import db
from mailer.tracking.models import Activity, HourlyActivity

#: Hours are those of so long.
HEAT_DAYS: Final = 180
#: With a step of the palette for each tenth of the most.
_HEAT_STEPS: Final = 9
#: Half of all opens follow a mail within three hours, whenever it came; who opens later chose the hour.
SETTLED: Final = timedelta(hours=3)
#: Nothing is suggested from fewer campaigns or fewer opens, or by an hour that hardly stands out.
_LEAST_CAMPAIGNS: Final = 3
_LEAST_OPENS: Final = 200
_LEAST_OPENS_OF_HOUR: Final = 10
_LEAST_LIFT: Final = 2.0
_HOURS_OF_WEEK: Final = 7 * 24


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
class BestHour:
    """When to send, and what that rests on.

    :param at: the next time that it is that hour of the week
    :param opens: first opens in that hour of the week, of ``total`` that came when a mail had settled
    :param campaigns: how many campaigns they are of
    """

    at: datetime
    opens: int
    total: int
    campaigns: int


@dataclass(frozen=True)
class _Opens:
    """First opens of one campaign in one hour."""

    campaign_id: UUID
    local: datetime
    people: int
    is_settled: bool


def heat_map_of(workspace: Workspace, *, now: datetime) -> HeatMap:
    """Return when a workspace's people first open."""
    return _heat_map(_opens_of(workspace, now=now))


def best_hour_of(workspace: Workspace, *, now: datetime) -> BestHour | None:
    """Return when to send next; None when too little is known, or no hour stands out.

    Opens that follow a mail at once tell when it was sent, not when people like to read, so
    they are left out.
    """
    settled = [each for each in _opens_of(workspace, now=now) if each.is_settled]
    heat, campaigns = _heat_map(settled), len({each.campaign_id for each in settled})
    if campaigns < _LEAST_CAMPAIGNS or heat.total < _LEAST_OPENS:
        return None
    day, hour, opens = heat.best[0]
    if opens < max(_LEAST_OPENS_OF_HOUR, _LEAST_LIFT * heat.total / _HOURS_OF_WEEK):
        return None
    return BestHour(_next(day, hour, ZoneInfo(workspace.time_zone), now=now), opens, heat.total, campaigns)


def _opens_of(workspace: Workspace, *, now: datetime) -> Iterator[_Opens]:
    zone = ZoneInfo(workspace.time_zone)
    rows = db.session.execute(
        select(Campaign.id, Campaign.launched_at, HourlyActivity.hour, HourlyActivity.human_people)
        .join(Campaign, Campaign.id == HourlyActivity.campaign_id)
        .where(
            Campaign.workspace_id == workspace.id,
            HourlyActivity.activity == Activity.OPEN,
            HourlyActivity.hour > now - timedelta(days=HEAT_DAYS),
            HourlyActivity.human_people > 0,
        )
    )
    for campaign_id, launched_at, hour, people in rows:
        is_settled = launched_at is not None and hour >= launched_at + SETTLED
        yield _Opens(campaign_id, hour.astimezone(zone), people, is_settled)


def _heat_map(opens: Sequence[_Opens] | Iterator[_Opens]) -> HeatMap:
    cells = [[0] * 24 for _ in range(7)]
    for each in opens:
        cells[each.local.weekday()][each.local.hour] += each.people
    return HeatMap(cells)


def _next(day: int, hour: int, zone: ZoneInfo, *, now: datetime) -> datetime:
    """Return the next beginning of an hour of the week that is still to come."""
    today = now.astimezone(zone).date()
    first = today + timedelta(days=(day - today.weekday()) % 7)
    at = datetime.combine(first, time(hour), zone)
    return at if at > now else datetime.combine(first + timedelta(days=7), time(hour), zone)
