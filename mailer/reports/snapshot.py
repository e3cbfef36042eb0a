"""Counting everybody of a workspace: who reads, who fell silent, and how long each month's arrivals stay."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, case, func, select

from mailer.accounts.models import Workspace
from mailer.audience.models import Subscription, SubscriptionStatus
from mailer.audience.queries.growth import audience_size
from mailer.db import db
from mailer.delivery.models import Delivery, DeliveryState
from mailer.reports.models import AudienceSnapshot

#: A snapshot is taken again when it is older.
FRESH: Final = timedelta(hours=6)
#: Who got so many mails in so long and read none is a candidate for a farewell.
SUNSET_MAILS: Final = 5
SUNSET: Final = timedelta(days=180)
_MONTHS: Final = 12
#: Up to here everybody is counted while somebody waits, when there is no snapshot yet.
_COUNTED_AT_ONCE: Final = 20_000
_ROWS_AT_ONCE: Final = 10_000
#: By the days since the last time that somebody opened or clicked themselves.
_ENGAGED: Final = ((30, "month"), (90, "quarter"), (180, "half_year"), (365, "year"))


@dataclass
class Cohort:
    """Those who came in one month.

    :param month: such as ``2026-03``
    :param people: how many came
    :param stayed: how many of them were still there at the end of that month and of each that followed
    """

    month: str
    people: int
    stayed: list[int]

    @property
    def starts_on(self) -> date:
        """The first day of the month."""
        return date.fromisoformat(f"{self.month}-01")

    @property
    def least(self) -> float:
        """The smallest share that was still there."""
        return min(self.stayed) / self.people


@dataclass
class Figures:
    """What a snapshot holds.

    :param engagement: people with an active subscription by when they last read: ``month``,
        ``quarter``, ``half_year``, ``year``, ``never`` and ``not_mailed``
    :param sunset: of them, how many got :data:`SUNSET_MAILS` within :data:`SUNSET` and read none
    """

    active: int = 0
    engagement: dict[str, int] = field(default_factory=dict)
    sunset: int = 0
    cohorts: list[Cohort] = field(default_factory=list)

    @classmethod
    def of(cls, stored: dict[str, Any]) -> "Figures":
        """Read what was stored."""
        cohorts = [Cohort(**each) for each in stored["cohorts"]]
        return cls(stored["active"], stored["engagement"], stored["sunset"], cohorts)


def take_snapshots(*, now: datetime) -> None:
    """Count the workspaces whose snapshot is old or missing, one after the other; commits as it goes."""
    stale = (
        select(Workspace.id)
        .outerjoin(AudienceSnapshot, AudienceSnapshot.workspace_id == Workspace.id)
        .where(func.coalesce(AudienceSnapshot.taken_at, now - 2 * FRESH) < now - FRESH)
    )
    for workspace_id in db.session.scalars(stale).all():
        figures = count_audience(workspace_id, now=now)
        db.session.merge(AudienceSnapshot(workspace_id=workspace_id, taken_at=now, figures=asdict(figures)))
        db.session.commit()


def audience_figures(workspace_id: UUID, *, now: datetime) -> tuple[Figures | None, datetime]:
    """Return the last snapshot and when it was taken; none while a large audience waits for its first."""
    kept = db.session.get(AudienceSnapshot, workspace_id)
    if kept is not None:
        return Figures.of(kept.figures), kept.taken_at
    if audience_size(workspace_id) > _COUNTED_AT_ONCE:
        return None, now
    return count_audience(workspace_id, now=now), now


def count_audience(workspace_id: UUID, *, now: datetime) -> Figures:
    """Count everybody; reads the whole audience and its deliveries of a year."""
    figures = Figures()
    came: Counter[str] = Counter()
    left: defaultdict[str, Counter[str]] = defaultdict(Counter)
    active: set[UUID] = set()
    for row in _lives(workspace_id):
        month = _month(row.came_at)
        came[month] += 1
        if row.active:
            active.add(row.subscriber_id)
        else:
            # Whom an import brought may have left before: they are counted out in the month they came.
            left[month][max(month, _month(row.left_at or row.came_at))] += 1
    figures.active = len(active)
    figures.cohorts = [
        Cohort(month, came[month], _stayed(month, came[month], left[month], until=_month(now)))
        for month in _months_until(now)
        if came[month]
    ]
    engagement: Counter[str] = Counter()
    for row in _readings(workspace_id, now=now):
        if row.subscriber_id in active:
            active.discard(row.subscriber_id)
            engagement[_engagement(row.read_at, now=now)] += 1
            is_silent = row.read_at is None or row.read_at < now - SUNSET
            figures.sunset += is_silent and row.lately >= SUNSET_MAILS
    engagement["not_mailed"] = len(active)
    figures.engagement = dict(engagement)
    return figures


def _lives(workspace_id: UUID) -> Iterator[Row[Any]]:
    """Yield when each came, whether they are still there, and when they left."""
    is_active = Subscription.status == SubscriptionStatus.ACTIVE
    query = (
        select(
            Subscription.subscriber_id,
            func.min(func.coalesce(Subscription.started_at, Subscription.created_at)).label("came_at"),
            func.sum(case((is_active, 1), else_=0)).label("active"),
            func.max(Subscription.ended_at).label("left_at"),
        )
        .where(Subscription.workspace_id == workspace_id, Subscription.status != SubscriptionStatus.PENDING)
        .group_by(Subscription.subscriber_id)
    )
    for rows in db.session.execute(query).partitions(_ROWS_AT_ONCE):
        yield from rows


def _readings(workspace_id: UUID, *, now: datetime) -> Iterator[Row[Any]]:
    """Yield when each who was mailed within a year last read, and how many mails they got lately."""
    query = (
        select(
            Delivery.subscriber_id,
            func.max(func.coalesce(Delivery.human_clicked_at, Delivery.human_opened_at)).label("read_at"),
            func.sum(case((Delivery.ended_at > now - SUNSET, 1), else_=0)).label("lately"),
        )
        .where(
            Delivery.workspace_id == workspace_id,
            Delivery.campaign_id.is_not(None),
            Delivery.subscriber_id.is_not(None),
            Delivery.state == DeliveryState.ACCEPTED,
            Delivery.ended_at > now - timedelta(days=365),
        )
        .group_by(Delivery.subscriber_id)
    )
    for rows in db.session.execute(query).partitions(_ROWS_AT_ONCE):
        yield from rows


def _engagement(read_at: datetime | None, *, now: datetime) -> str:
    if read_at is None:
        return "never"
    return next((name for days, name in _ENGAGED if now - read_at <= timedelta(days=days)), "year")


def _stayed(month: str, people: int, left: Counter[str], *, until: str) -> list[int]:
    stayed = []
    while month <= until:
        people -= left[month]
        stayed.append(people)
        month = _next(month)
    return stayed


def _months_until(now: datetime) -> list[str]:
    months = [_month(now)]
    while len(months) < _MONTHS:
        first = datetime.strptime(months[0], "%Y-%m")  # noqa: DTZ007  - a month has no zone
        months.insert(0, _month(first - timedelta(days=1)))
    return months


def _month(at: datetime) -> str:
    return f"{at:%Y-%m}"


def _next(month: str) -> str:
    year, number = map(int, month.split("-"))
    return f"{year + number // 12}-{number % 12 + 1:02}"
