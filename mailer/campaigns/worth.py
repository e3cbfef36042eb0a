"""What a campaign's readers bought after they had followed its links."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select

from mailer.db import db
from mailer.events.models import MICROS
from mailer.tracking.models import Conversion


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
    """Return what a campaign brought in, by currency and by link."""
    figures = (
        func.count(func.distinct(Conversion.delivery_id)),
        func.count(),
        func.sum(Conversion.value_micros),
    )
    mine = Conversion.campaign_id == campaign_id
    in_all = db.session.execute(
        select(Conversion.currency, *figures).where(mine).group_by(Conversion.currency)
    ).all()
    by_link: dict[int, list[Sales]] = {}
    for row in db.session.execute(
        select(Conversion.currency, *figures, Conversion.link_number)
        .where(mine)
        .group_by(Conversion.link_number, Conversion.currency)
    ):
        by_link.setdefault(row.link_number, []).append(_sales(*row[:4]))
    people = db.session.scalar(select(figures[0]).where(mine)) or 0
    return Worth(people, sorted((_sales(*row) for row in in_all), key=lambda one: one.currency), by_link)


def _sales(currency: str, people: int, orders: int, micros: int) -> Sales:
    return Sales(currency, people, orders, Decimal(int(micros)) / MICROS)
