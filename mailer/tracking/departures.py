"""Counting, for each campaign, who left by one of its links."""

from typing import Any
from uuid import UUID

from sqlalchemy import update

from mailer import signals
from mailer.db import db
from mailer.delivery.models import Delivery
from mailer.lib.clock import utcnow
from mailer.tracking.sums import add_departures


@signals.unsubscribed.connect
def count_departure(subscription: Any, *, delivery_id: UUID | None = None, **_: Any) -> None:
    """Count a delivery's reader as gone, once, whatever they do later by the same link."""
    if delivery_id is None:
        return
    now = utcnow()
    campaign_id = db.session.scalar(
        update(Delivery)
        .where(
            Delivery.id == delivery_id,
            Delivery.workspace_id == subscription.workspace_id,
            Delivery.unsubscribed_at.is_(None),
        )
        .values(unsubscribed_at=now)
        .returning(Delivery.campaign_id)
        .execution_options(synchronize_session=False)
    )
    if campaign_id is not None:
        add_departures(campaign_id, [now])
