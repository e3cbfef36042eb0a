"""How many came and went, day by day; from sums that are kept, never by counting people."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import func, select

from mailer.audience.models import AudienceDay, ListDay, MailingList
from mailer.db import db


@dataclass(frozen=True)
class Growth:
    """One day: who came, who went, and how many there were at its end."""

    day: date
    joined: int
    departed: int
    total: int


def growth_of_list(mailing_list: MailingList, *, since: date, until: date) -> list[Growth]:
    """Return a list's growth, one entry a day from ``since`` to ``until``."""
    rows = db.session.execute(
        select(ListDay.day, ListDay.joined, ListDay.departed).where(ListDay.list_id == mailing_list.id)
    )
    return _day_by_day([(day, joined, gone) for day, joined, gone in rows], since, until)


def growth_of_audience(workspace_id: UUID, *, since: date, until: date) -> list[Growth]:
    """Return the whole audience's growth, one entry a day from ``since`` to ``until``."""
    rows = db.session.execute(
        select(AudienceDay.day, AudienceDay.added, AudienceDay.erased).where(
            AudienceDay.workspace_id == workspace_id
        )
    )
    return _day_by_day([(day, added, erased) for day, added, erased in rows], since, until)


def audience_size(workspace_id: UUID) -> int:
    """Return how many subscribers a workspace has, without counting them."""
    return int(
        db.session.scalar(
            select(func.coalesce(func.sum(AudienceDay.added - AudienceDay.erased), 0)).where(
                AudienceDay.workspace_id == workspace_id
            )
        )
        or 0
    )


def _day_by_day(rows: list[tuple[date, int, int]], since: date, until: date) -> list[Growth]:
    total = sum(came - went for day, came, went in rows if day < since)
    changes = {day: (came, went) for day, came, went in rows}
    growth = []
    day = since
    while day <= until:
        came, went = changes.get(day, (0, 0))
        total += came - went
        growth.append(Growth(day, came, went, total))
        day += timedelta(days=1)
    return growth
