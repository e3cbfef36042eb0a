"""Orders that a shop's page tells by the token of the click that led there.

Whoever holds the token is the reader of that mail, or somebody whom they gave the link:
it proves no purchase. So only the shops that a workspace named are heard, each order's
number counts once, and what it came to is a figure of a report and nothing else.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from urllib.parse import urlsplit

from mailer.audience.models import Subscriber
from mailer.current import links
from mailer.db import db
from mailer.delivery.models import Delivery
from mailer.errors import Forbidden, NotFound
from mailer.events.record_event import record_event
from mailer.tracking.convert import convert
from mailer.tracking.settings import tracking_of

#: What such an order is called among a person's events.
EVENT = "order.placed"


@dataclass(frozen=True)
class Order:
    """What a shop tells.

    :param number: the shop's own; told twice, it counts once
    """

    token: str
    number: str
    value: Decimal
    currency: str


def take_order(order: Order, *, origin: str, now: datetime) -> None:
    """Record an order, and count it for the click that led to it.

    :param origin: of the page that tells it, as its browser says
    :raises NotFound: the token is not ours, or its mail or reader is gone
    :raises Forbidden: the page is not of a shop that the workspace named
    :raises Invalid: the value or the currency cannot be used
    """
    clicked = links().read_click(order.token)
    delivery = db.session.get(Delivery, clicked.delivery_id) if clicked is not None else None
    if clicked is None or delivery is None or delivery.subscriber_id is None:
        raise NotFound("This click is not known.")
    if (urlsplit(origin).hostname or "") not in tracking_of(delivery.workspace_id).shops:
        raise Forbidden("Orders are taken from the shops that the workspace named.")
    event, is_new = record_event(
        db.session.get_one(Subscriber, delivery.subscriber_id),
        EVENT,
        key=order.number,
        value=order.value,
        currency=order.currency,
        now=now,
    )
    is_read = delivery.clicked_at is not None
    if is_new and not is_read and delivery.campaign_id is not None:
        # The click itself still waits in a spool, so that nobody found it.
        convert(event, campaign_id=delivery.campaign_id, delivery_id=delivery.id, link=clicked.link_number)
