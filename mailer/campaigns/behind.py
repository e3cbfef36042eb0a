"""Who stands behind a campaign's figures: its deliveries, by what their readers did."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import joinedload

from mailer.bounces.models import Return
from mailer.bounces.parsers.returned import Kind
from mailer.campaigns.models import Campaign
from mailer.db import db
from mailer.delivery.models import Delivery, DeliveryState
from mailer.tracking.models import Click
from mailer.tracking.verdicts import HUMAN_VERDICTS

_ROWS_AT_ONCE: Final = 2_000


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
            *_conditions(campaign.id, deed, link),
        )
        .options(joinedload(Delivery.subscriber))
    )


def rows_of(people: Select[Delivery]) -> Iterator[list[str]]:
    """Yield the cells of a file, some deliveries at a time; the first row is the headings."""
    yield ["email", "name", "state", "opened_at", "clicked_at", "unsubscribed_at"]
    last = UUID(int=0)
    while True:
        rows = db.session.scalars(
            people.where(Delivery.id > last).order_by(Delivery.id).limit(_ROWS_AT_ONCE)
        ).all()
        if not rows:
            return
        for row in rows:
            times = (row.human_opened_at, row.human_clicked_at, row.unsubscribed_at)
            name = row.subscriber.name if row.subscriber is not None else ""
            yield [row.email, name, row.state.value, *(at.isoformat() if at else "" for at in times)]
        last = rows[-1].id
        db.session.expunge_all()


def _conditions(campaign_id: UUID, deed: Deed, link: int | None) -> list[ColumnElement[bool]]:
    has_machine = Delivery.opened_at.is_not(None) | Delivery.clicked_at.is_not(None)
    is_silent = Delivery.human_opened_at.is_(None) & Delivery.human_clicked_at.is_(None)
    match deed:
        case Deed.OPENED:
            return [Delivery.human_opened_at.is_not(None)]
        case Deed.CLICKED:
            # By the clicks, which are few, rather than by all the deliveries.
            clicks = [Click.campaign_id == campaign_id, Click.verdict.in_(HUMAN_VERDICTS)]
            if link is not None:
                clicks.append(Click.link_number == link)
            return [Delivery.id.in_(select(Click.delivery_id).where(*clicks))]
        case Deed.MACHINE:
            return [has_machine, is_silent]
        case Deed.SILENT:
            return [Delivery.state == DeliveryState.ACCEPTED, is_silent]
        case Deed.UNSUBSCRIBED:
            return [Delivery.unsubscribed_at.is_not(None)]
        case Deed.HARD_BOUNCE:
            return [_came_back(campaign_id, Return.kind == Kind.BOUNCE, Return.is_hard.is_(True))]
        case Deed.SOFT_BOUNCE:
            return [_came_back(campaign_id, Return.kind == Kind.BOUNCE, Return.is_hard.is_not(True))]
        case Deed.COMPLAINED:
            return [_came_back(campaign_id, Return.kind == Kind.COMPLAINT)]


def _came_back(campaign_id: UUID, *which: Any) -> ColumnElement[bool]:
    return Delivery.id.in_(select(Return.delivery_id).where(Return.campaign_id == campaign_id, *which))
