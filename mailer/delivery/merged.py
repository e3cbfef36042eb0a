"""What was sent to a subscriber who is merged into another."""

from typing import Any

from sqlalchemy import select

from mailer import signals
from mailer.audience.merge import hand_over
from mailer.audience.models import Subscriber
from mailer.delivery.models import Delivery


@signals.subscribers_merged.connect
def take_over_deliveries(kept: Subscriber, *, gone: Subscriber, **_: Any) -> None:
    """Hand over the deliveries but those of campaigns that went to both: one subscriber has one of each."""
    went_to_both = select(Delivery.campaign_id).where(
        Delivery.subscriber_id == kept.id, Delivery.campaign_id.is_not(None)
    )
    is_theirs_alone = Delivery.campaign_id.is_(None) | Delivery.campaign_id.not_in(
        went_to_both.scalar_subquery()
    )
    hand_over(Delivery, kept, gone, is_theirs_alone)
