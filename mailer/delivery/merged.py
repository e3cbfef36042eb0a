"""What was sent to a subscriber who is merged into another, and what is on its way."""

from typing import Any
from uuid import UUID

from sqlalchemy import and_, exists, select, update

from mailer import signals
from mailer.audience.merge import hand_over
from mailer.audience.models import Subscriber
from mailer.db import db
from mailer.delivery.models import Batch, Delivery, DeliveryState


@signals.subscribers_merged.connect
def take_over_deliveries(kept: Subscriber, *, gone: Subscriber, **_: Any) -> None:
    """Hand over deliveries; those that nobody sends yet go to the address that stays.

    One subscriber has one delivery of a campaign. Of two, the one that says more is kept;
    the other is nobody's any more, and if it is not sent yet the gate drops it.
    """
    for theirs, ours in _twice(kept, gone):
        if _said_by(theirs) > _said_by(ours):
            ours.subscriber_id = None
            db.session.flush()
            theirs.subscriber_id = kept.id
        else:
            theirs.subscriber_id = None
        db.session.flush()
    hand_over(Delivery, kept, gone)
    is_held = exists().where(Batch.id == Delivery.batch_id, Batch.worker.is_not(None))
    db.session.execute(
        update(Delivery)
        .where(
            Delivery.subscriber_id == kept.id,
            Delivery.campaign_id.is_not(None),
            and_(Delivery.state == DeliveryState.PREPARED, ~is_held),
        )
        .values(email=kept.email)
        .execution_options(synchronize_session=False)
    )


def _twice(kept: Subscriber, gone: Subscriber) -> list[tuple[Delivery, Delivery]]:
    """Return what one campaign sends to both: theirs who goes, and ours who stays."""
    rows = db.session.scalars(
        select(Delivery).where(
            Delivery.subscriber_id.in_([kept.id, gone.id]), Delivery.campaign_id.is_not(None)
        )
    ).all()
    ours: dict[UUID | None, Delivery] = {row.campaign_id: row for row in rows if row.subscriber_id == kept.id}
    return [
        (row, ours[row.campaign_id])
        for row in rows
        if row.subscriber_id == gone.id and row.campaign_id in ours
    ]


def _said_by(delivery: Delivery) -> tuple[bool, ...]:
    """Return how much a delivery tells of its reader, for comparison."""
    return (
        delivery.state is DeliveryState.ACCEPTED,
        delivery.unsubscribed_at is not None,
        delivery.human_clicked_at is not None,
        delivery.human_opened_at is not None,
        delivery.opened_at is not None,
        delivery.state is not DeliveryState.PREPARED,
    )
