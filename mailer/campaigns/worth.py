"""What a campaign's readers bought after they had followed its links."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from mailer.db import db
from mailer.events.models import MICROS
from mailer.tracking.models import WHOLE_MAIL, SalesSum


@dataclass(frozen=True)
class Sales:
    """Orders in one currency.

    :param people: who bought, each once
    """

    currency: str
    people: int
    orders: int
    value: Decimal


@dataclass(frozen=True)
class Worth:
    """What a campaign brought in.

    :param people: who bought anything, each once
    :param links: sales by the number of the link that was followed last
    """

    people: int
    sales: list[Sales]
    links: Mapping[int, list[Sales]]


def worth_of(campaign_id: UUID) -> Worth:
    """Return what a campaign brought in, by currency and by link, from sums that are kept."""
    kept = db.session.scalars(
        select(SalesSum)
        .where(SalesSum.campaign_id == campaign_id)
        .order_by(SalesSum.link_number, SalesSum.currency)
    ).all()
    people = next((each.people for each in kept if not each.currency), 0)
    in_all: list[Sales] = []
    by_link: dict[int, list[Sales]] = {}
    for each in kept:
        if each.currency:
            part = in_all if each.link_number == WHOLE_MAIL else by_link.setdefault(each.link_number, [])
            part.append(_sales(each))
    return Worth(people, in_all, by_link)


def _sales(kept: SalesSum) -> Sales:
    return Sales(kept.currency, kept.people, kept.orders, Decimal(kept.value_micros) / MICROS)
