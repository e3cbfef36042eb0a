"""How much a workspace may still send in this hour and today, counted when it is claimed.

Hours and days are those of the workspace's time zone. What is claimed is counted at
once, so that two workers cannot both use the last of it, and what comes back untried is
given back. Transactional mail counts, and is never held back.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, case, select, update

from mailer.accounts.models import Workspace
from mailer.db import db
from mailer.delivery.engine.warm_up import WarmUp
from mailer.delivery.models import SendingLimits, SentHour
from mailer.driver import Change, Question

_LOOK: Final = Question(
    select(Workspace.time_zone, SendingLimits.workspace_id)
    .outerjoin(SendingLimits, SendingLimits.workspace_id == Workspace.id)
    .where(Workspace.id == bindparam("workspace_id"))
)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What may be claimed now.

    :param count: how many, and already counted as sent
    :param hour: the hour that they are counted in
    :param again_at: when more may be claimed; none when as many were allowed as were wanted
    :param reason: why it is less, for people
    """

    count: int
    hour: datetime
    again_at: datetime | None = None
    reason: str = ""


def allowance(workspace_id: UUID, wanted: int, now: datetime) -> Allowance:
    """Reserve up to ``wanted`` messages within a workspace's caps.

    Commit soon: other workers of a workspace with caps wait until then.
    """
    clock, is_limited = _look(workspace_id, now)
    granted = Allowance(wanted, clock.hour)
    if is_limited:
        granted = _within(_locked_limits(workspace_id), clock, wanted)
    _add(workspace_id, clock.hour, granted.count)
    return granted


def give_back(workspace_id: UUID, hour: datetime, count: int) -> None:
    """Return what was reserved and not tried."""
    if count <= 0:
        return
    left = SentHour.count - count
    db.session.execute(
        update(SentHour)
        .where(SentHour.workspace_id == workspace_id, SentHour.hour == hour)
        .values(count=case((left > 0, left), else_=0))
        .execution_options(synchronize_session=False)
    )


def count_sent(workspace_id: UUID, count: int, now: datetime) -> None:
    """Count messages that no cap holds back."""
    clock, _ = _look(workspace_id, now)
    _add(workspace_id, clock.hour, count)


def limits_of(workspace_id: UUID) -> SendingLimits | None:
    """Return a workspace's caps, if it ever had any."""
    return db.session.get(SendingLimits, workspace_id)


def warm_up_of(limits: SendingLimits | None) -> WarmUp | None:
    """Return the warm-up schedule, if there is one."""
    if limits is None or limits.warm_up_starts_on is None:
        return None
    return WarmUp(
        limits.warm_up_starts_on,
        first=limits.warm_up_first,
        factor=limits.warm_up_factor,
        target=limits.warm_up_target,
    )


def sent_by_day(workspace: Workspace, *, since: date) -> dict[date, int]:
    """Return how many messages were claimed on each day from ``since`` on, in the workspace's time zone."""
    zone = ZoneInfo(workspace.time_zone)
    begin = datetime.combine(since, time.min, zone).astimezone(UTC)
    days: dict[date, int] = {}
    for hour, count in db.session.execute(
        select(SentHour.hour, SentHour.count).where(
            SentHour.workspace_id == workspace.id, SentHour.hour >= begin
        )
    ):
        day = hour.astimezone(zone).date()
        days[day] = days.get(day, 0) + count
    return days


@dataclass(frozen=True, slots=True)
class _Clock:
    """A moment as a workspace's clock on the wall shows it."""

    local: datetime

    @property
    def hour(self) -> datetime:
        """When this hour began: in UTC that need not be a full hour."""
        return self.local.replace(minute=0, second=0, microsecond=0).astimezone(UTC)

    @property
    def next_hour(self) -> datetime:
        return self.hour + timedelta(hours=1)

    @property
    def day(self) -> datetime:
        return self._midnight(self.local.date())

    @property
    def next_day(self) -> datetime:
        return self._midnight(self.local.date() + timedelta(days=1))

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time.min, self.local.tzinfo).astimezone(UTC)


def _look(workspace_id: UUID, now: datetime) -> tuple[_Clock, bool]:
    """Return what a workspace's clock shows, and whether it has limits of any kind."""
    [(zone, limited)] = _LOOK.ask([{"workspace_id": workspace_id}])
    return _Clock(now.astimezone(ZoneInfo(zone))), limited is not None


def _locked_limits(workspace_id: UUID) -> SendingLimits:
    # Until the commit, whoever else reserves for this workspace waits here, and then sees what
    # was counted. SQLite has one writer at a time in any case.
    return db.session.scalars(
        select(SendingLimits)
        .where(SendingLimits.workspace_id == workspace_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def _within(limits: SendingLimits, clock: _Clock, wanted: int) -> Allowance:
    per_day, why = limits.per_day, "messages of today are sent"
    warm_up = warm_up_of(limits)
    warm = warm_up.count_on(clock.local.date()) if warm_up is not None else None
    if warm is not None and (per_day is None or warm < per_day):
        per_day, why = warm, "messages of this day of the warm-up are sent"
    if per_day is None and limits.per_hour is None:
        return Allowance(wanted, clock.hour)
    in_hour, in_day = _sent(limits.workspace_id, clock)
    count, again_at, reason = wanted, None, ""
    if per_day is not None and per_day - in_day < count:
        count = max(0, per_day - in_day)
        again_at, reason = clock.next_day, f"{min(in_day + count, per_day):,} of {per_day:,} {why}"
    if limits.per_hour is not None and limits.per_hour - in_hour < count:
        count = max(0, limits.per_hour - in_hour)
        again_at = clock.next_hour
        reason = f"{limits.per_hour:,} of {limits.per_hour:,} messages of this hour are sent"
    return Allowance(count, clock.hour, again_at, reason)


def _sent(workspace_id: UUID, clock: _Clock) -> tuple[int, int]:
    """Return how many messages were counted in this hour, and today."""
    rows = db.session.execute(
        select(SentHour.hour, SentHour.count).where(
            SentHour.workspace_id == workspace_id, SentHour.hour >= min(clock.day, clock.hour)
        )
    ).all()
    return (
        sum(count for hour, count in rows if hour == clock.hour),
        sum(count for hour, count in rows if hour >= clock.day),
    )


def _add(workspace_id: UUID, hour: datetime, count: int) -> None:
    if count > 0:
        _ADDING.make({"workspace_id": workspace_id, "hour": hour, "count": count})


def _adding(dialect: Any) -> Any:
    upsert = dialect.insert(SentHour.__table__)
    return upsert.on_conflict_do_update(
        index_elements=["workspace_id", "hour"], set_={"count": SentHour.count + upsert.excluded.count}
    )


_ADDING: Final = Change(_adding)
