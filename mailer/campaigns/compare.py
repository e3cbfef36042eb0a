"""A campaign beside the others of its workspace: rates, and the median of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import sqrt
from statistics import median
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, select

from mailer.bounces.models import ReturnSum
from mailer.bounces.parsers.returned import Kind
from mailer.campaigns.models import Campaign
from mailer.db import db
from mailer.delivery.models import DeliveryCount, DeliveryState
from mailer.tracking.models import Activity, HourlyActivity

#: The median is that of so many campaigns at most, the newest.
_COMPARED: Final = 50
#: Fewer say nothing about what is usual.
_ENOUGH: Final = 2
#: 19 of 20 values lie within so many standard deviations.
_NORMAL_95: Final = 1.96
#: Until then most of those who will open have not: any campaign would look like a failure beside the others.
SETTLED_AFTER: Final = timedelta(days=1)


@dataclass(frozen=True)
class Rates:
    """What share of those whose server took a campaign did something themselves."""

    campaign_id: UUID
    accepted: int
    opened: int
    clicked: int
    unsubscribed: int
    complained: int

    def rate(self, figure: str) -> float | None:
        """Return a figure's share of those accepted; None when there were none."""
        return getattr(self, figure) / self.accepted if self.accepted else None


FIGURES: Final = ("opened", "clicked", "unsubscribed", "complained")


def rates_of(workspace_id: UUID, *, limit: int = _COMPARED) -> list[Rates]:
    """Return the rates of the campaigns that a workspace launched last, newest first."""
    ids = list(
        db.session.scalars(
            select(Campaign.id)
            .where(Campaign.workspace_id == workspace_id, Campaign.launched_at.is_not(None))
            .order_by(Campaign.launched_at.desc())
            .limit(limit)
        )
    )
    accepted = _pairs(
        select(DeliveryCount.campaign_id, func.sum(DeliveryCount.count))
        .where(DeliveryCount.campaign_id.in_(ids), DeliveryCount.state == DeliveryState.ACCEPTED)
        .group_by(DeliveryCount.campaign_id)
    )
    done = _done(ids)
    complaints = _pairs(
        select(ReturnSum.campaign_id, ReturnSum.people).where(
            ReturnSum.campaign_id.in_(ids), ReturnSum.kind == Kind.COMPLAINT
        )
    )
    return [
        Rates(
            each,
            accepted.get(each, 0),
            *done.get(each, (0, 0, 0)),
            complaints.get(each, 0),
        )
        for each in ids
    ]


def medians(others: Sequence[Rates], *, without: UUID | None = None) -> dict[str, float]:
    """Return the median rate of each figure; nothing when too few campaigns were sent.

    :param without: the campaign that is compared with them
    """
    known = [each for each in others if each.accepted and each.campaign_id != without]
    if len(known) < _ENOUGH:
        return {}
    return {name: median(each.rate(name) or 0.0 for each in known) for name in FIGURES}


@dataclass(frozen=True)
class Beside:
    """A rate beside what is usual.

    :ivar points: percentage points above it
    :ivar is_notable: chance alone makes so large a difference less than once in twenty times
    """

    points: float
    is_notable: bool


def beside(part: int, whole: int, usual: float) -> Beside:
    """Return how a campaign's rate stands to what is usual: a few people more or less say nothing.

    Notable is what lies outside of Wilson's interval (E. B. Wilson, 1927), which holds for
    rates near nothing, too.

    :param part: how many did it, of ``whole``, which is not 0
    """
    rate, margin = part / whole, _NORMAL_95**2 / whole
    middle = (rate + margin / 2) / (1 + margin)
    reach = sqrt(margin * (rate * (1 - rate) + margin / 4)) / (1 + margin)
    return Beside(round((rate - usual) * 100, 1), abs(usual - middle) > reach)


def _done(ids: Sequence[UUID]) -> dict[UUID, tuple[int, int, int]]:
    """Return how many people opened, clicked and unsubscribed, by campaign."""

    def people(activity: Activity) -> ColumnElement[int]:
        return func.sum(case((HourlyActivity.activity == activity, HourlyActivity.human_people), else_=0))

    rows = db.session.execute(
        select(
            HourlyActivity.campaign_id,
            people(Activity.OPEN),
            people(Activity.CLICK),
            people(Activity.UNSUBSCRIBE),
        )
        .where(HourlyActivity.campaign_id.in_(ids))
        .group_by(HourlyActivity.campaign_id)
    )
    return {campaign: (int(opened), int(clicked), int(left)) for campaign, opened, clicked, left in rows}


def _pairs(query: Any) -> dict[UUID, int]:
    return {identifier: int(number) for identifier, number in db.session.execute(query)}
