"""Who stands behind a campaign's figures: its deliveries, by what their readers did."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import joinedload

from mailer.bounces.models import Return
from mailer.bounces.parsers.returned import Kind
from mailer.campaigns.models import Campaign
from mailer.db import db
from mailer.delivery.models import Delivery, DeliveryCount, DeliveryState
from mailer.tracking.models import Activity, Click, HourlyActivity, LinkActivity, Open
from mailer.tracking.verdicts import HUMAN_VERDICTS

#: A file begins with few, so that it begins at once.
_FIRST_ROWS: Final = 50
_ROWS_AT_ONCE: Final = 2_000
#: One of more than so many is rare.
_RARE: Final = 200
_IS_SILENT: Final = Delivery.human_opened_at.is_(None) & Delivery.human_clicked_at.is_(None)


class Deed(StrEnum):
    """What readers did, or what became of their mail."""

    OPENED = "opened"
    CLICKED = "clicked"
    #: A machine opened or clicked, and they themselves did neither.
    MACHINE = "machine"
    SILENT = "silent"
    UNSUBSCRIBED = "unsubscribed"
    HARD_BOUNCE = "hard"
    SOFT_BOUNCE = "soft"
    COMPLAINED = "complained"


def people_who(campaign: Campaign, deed: Deed, *, link: int | None = None) -> Select[Delivery]:
    """Select the deliveries whose readers did something themselves.

    :param link: of clicks, only those on this link of the mail
    """
    return (
        select(Delivery)
        .where(
            Delivery.workspace_id == campaign.workspace_id,
            Delivery.campaign_id == campaign.id,
            *_conditions(campaign, deed, link),
        )
        .options(joinedload(Delivery.subscriber))
    )


def rows_of(people: Select[Delivery]) -> Iterator[list[str]]:
    """Yield the cells of a file, some deliveries at a time; the first row is the headings."""
    yield ["email", "name", "state", "opened_at", "clicked_at", "unsubscribed_at"]
    last, size = UUID(int=0), _FIRST_ROWS
    while True:
        rows = db.session.scalars(people.where(Delivery.id > last).order_by(Delivery.id).limit(size)).all()
        if not rows:
            return
        for row in rows:
            times = (row.human_opened_at, row.human_clicked_at, row.unsubscribed_at)
            name = row.subscriber.name if row.subscriber is not None else ""
            yield [row.email, name, row.state.value, *(at.isoformat() if at else "" for at in times)]
        last, size = rows[-1].id, _ROWS_AT_ONCE
        db.session.expunge_all()


def _conditions(campaign: Campaign, deed: Deed, link: int | None) -> list[ColumnElement[bool]]:
    match deed:
        case Deed.OPENED | Deed.CLICKED | Deed.MACHINE:
            # Few of many are found by what they did; many are met soon, one delivery after the other.
            is_rare = _number_of(campaign, deed, link) * _RARE < _accepted(campaign.id)
            by_events, by_deliveries = _readings(campaign.id, deed, link)
            return by_events if is_rare else by_deliveries
        case Deed.SILENT:
            return [Delivery.state == DeliveryState.ACCEPTED, _IS_SILENT]
        case Deed.UNSUBSCRIBED:
            return [Delivery.unsubscribed_at.is_not(None)]
        case Deed.HARD_BOUNCE:
            return [_came_back(campaign.id, Return.kind == Kind.BOUNCE, Return.is_hard.is_(True))]
        case Deed.SOFT_BOUNCE:
            return [_came_back(campaign.id, Return.kind == Kind.BOUNCE, Return.is_hard.is_not(True))]
        case Deed.COMPLAINED:
            return [_came_back(campaign.id, Return.kind == Kind.COMPLAINT)]


def _readings(
    campaign_id: UUID, deed: Deed, link: int | None
) -> tuple[list[ColumnElement[bool]], list[ColumnElement[bool]]]:
    """Return the same twice: as it is found from what was done, and from the deliveries."""
    by_people = {model: model.verdict.in_(HUMAN_VERDICTS) for model in (Open, Click)}

    def of(model: Any, *which: ColumnElement[bool]) -> Select[UUID]:
        return select(model.delivery_id).where(model.campaign_id == campaign_id, *which)

    if deed is Deed.OPENED:
        return [Delivery.id.in_(of(Open, by_people[Open]))], [Delivery.human_opened_at.is_not(None)]
    if deed is Deed.CLICKED:
        clicks = of(Click, by_people[Click], *([] if link is None else [Click.link_number == link]))
        clicked = Delivery.human_clicked_at.is_not(None)
        return [Delivery.id.in_(clicks)], (
            [clicked] if link is None else [clicked, clicks.where(Click.delivery_id == Delivery.id).exists()]
        )
    by_machine = of(Open, ~by_people[Open]).union_all(of(Click, ~by_people[Click]))
    touched = Delivery.opened_at.is_not(None) | Delivery.clicked_at.is_not(None)
    return [Delivery.id.in_(by_machine), _IS_SILENT], [touched, _IS_SILENT]


def _number_of(campaign: Campaign, deed: Deed, link: int | None) -> int:
    """Return for about how many it was done, from sums that are kept."""
    if link is not None and deed is Deed.CLICKED:
        kept = db.session.get(LinkActivity, (campaign.id, link))
        return kept.human_people if kept is not None else 0
    figure: ColumnElement[int] = func.sum(HourlyActivity.human_people)
    activities = {Deed.OPENED: [Activity.OPEN], Deed.CLICKED: [Activity.CLICK]}
    if deed is Deed.MACHINE:
        figure = func.sum(HourlyActivity.people - HourlyActivity.human_people)
    return (
        db.session.scalar(
            select(figure).where(
                HourlyActivity.campaign_id == campaign.id,
                HourlyActivity.activity.in_(activities.get(deed, [Activity.OPEN, Activity.CLICK])),
            )
        )
        or 0
    )


def _accepted(campaign_id: UUID) -> int:
    return (
        db.session.scalar(
            select(func.sum(DeliveryCount.count)).where(
                DeliveryCount.campaign_id == campaign_id, DeliveryCount.state == DeliveryState.ACCEPTED
            )
        )
        or 0
    )


def _came_back(campaign_id: UUID, *which: Any) -> ColumnElement[bool]:
    return Delivery.id.in_(select(Return.delivery_id).where(Return.campaign_id == campaign_id, *which))
