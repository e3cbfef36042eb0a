"""Conversions: what readers bought after a click, told by the workspace's shop as events with a value.

The last click of a person before the order counts, of whichever campaign, if it is not
older than the workspace's window. The event's own key keeps an order from counting twice.
"""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from mailer import signals
from mailer.db import db
from mailer.delivery.models import Delivery
from mailer.events.models import CustomEvent
from mailer.tracking.models import Click, Conversion
from mailer.tracking.sales import count_sale
from mailer.tracking.settings import tracking_of
from mailer.tracking.verdicts import HUMAN_VERDICTS


@signals.event_recorded.connect
def attribute(event: CustomEvent) -> None:
    """Count an event with a value for the click that led to it, if there was one."""
    if event.value_micros is None:
        return
    window = timedelta(days=tracking_of(event.workspace_id).conversion_days)
    click = db.session.execute(
        select(Click.campaign_id, Click.delivery_id, Click.link_number)
        .join(Delivery, Delivery.id == Click.delivery_id)
        .where(
            Delivery.subscriber_id == event.subscriber_id,
            Delivery.workspace_id == event.workspace_id,
            Click.campaign_id.is_not(None),
            Click.verdict.in_(HUMAN_VERDICTS),
            Click.at.between(event.at - window, event.at),
        )
        .order_by(Click.at.desc())
        .limit(1)
    ).first()
    if click is None:
        return
    convert(event, campaign_id=click.campaign_id, delivery_id=click.delivery_id, link=click.link_number)


def convert(event: CustomEvent, *, campaign_id: UUID, delivery_id: UUID, link: int) -> None:
    """Count an event with a value for a click, once."""
    if db.session.get(Conversion, event.id) is not None:
        return
    conversion = Conversion(
        event_id=event.id,
        campaign_id=campaign_id,
        delivery_id=delivery_id,
        link_number=link,
        value_micros=event.value_micros or 0,
        currency=event.currency,
    )
    db.session.add(conversion)
    db.session.flush()
    count_sale(conversion)
