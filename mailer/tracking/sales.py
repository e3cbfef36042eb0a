"""The sums of what campaigns brought in: kept with every order, and made again from all of them."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select

from mailer.db import db, insert_missing
from mailer.tracking.models import WHOLE_MAIL, Conversion, SalesSum


def count_sale(conversion: Conversion) -> None:
    """Add an order, which is written down already, to its campaign's sums; each buyer counts once."""
    link, currency = conversion.link_number, conversion.currency
    # The widest first, always: two that wait for each other's rows would wait for ever.
    for level in ((WHOLE_MAIL, ""), (WHOLE_MAIL, currency), (link, currency)):
        key = dict(zip(("link_number", "currency"), level, strict=True))
        nothing = {"people": 0, "orders": 0, "value_micros": 0}
        insert_missing(SalesSum, [{"campaign_id": conversion.campaign_id, **key, **nothing}])
        # Whoever counts another order of the same reader waits for the row, and then sees this one.
        kept = db.session.get_one(
            SalesSum, (conversion.campaign_id, *level), with_for_update=True, populate_existing=True
        )
        bought = db.session.scalar(
            select(func.count()).where(
                Conversion.delivery_id == conversion.delivery_id, *_within(conversion.campaign_id, *level)
            )
        )
        kept.orders += 1
        kept.people += bought == 1
        kept.value_micros += conversion.value_micros if currency == level[1] else 0
    db.session.flush()


def recount_sales(campaign_id: UUID) -> None:
    """Make a campaign's sums of orders again from the rows."""
    db.session.execute(delete(SalesSum).where(SalesSum.campaign_id == campaign_id))
    for level in ((), (Conversion.currency,), (Conversion.link_number, Conversion.currency)):
        rows = db.session.execute(
            select(
                func.count(Conversion.delivery_id.distinct()).label("people"),
                func.count().label("orders"),
                func.sum(Conversion.value_micros).label("value_micros"),
                *level,
            )
            .where(Conversion.campaign_id == campaign_id)
            .group_by(*level)
        )
        db.session.add_all(_sum(campaign_id, row._asdict()) for row in rows if row.orders)
    db.session.flush()


def _sum(campaign_id: UUID, figures: dict[str, Any]) -> SalesSum:
    everywhere = {"link_number": WHOLE_MAIL, "currency": ""}
    value = int(figures["value_micros"]) if "currency" in figures else 0
    return SalesSum(campaign_id=campaign_id, **{**everywhere, **figures, "value_micros": value})


def _within(campaign_id: UUID, link: int, currency: str) -> list[ColumnElement[bool]]:
    conditions = [Conversion.campaign_id == campaign_id]
    if link != WHOLE_MAIL:
        conditions.append(Conversion.link_number == link)
    if currency:
        conditions.append(Conversion.currency == currency)
    return conditions
