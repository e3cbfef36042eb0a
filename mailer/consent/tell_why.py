"""Why somebody left, asked once they have."""

from uuid import UUID

from sqlalchemy import select

from mailer.audience.models import Subscriber
from mailer.consent.models import LeaveReason, Why
from mailer.db import db
from mailer.errors import Invalid


def tell_why(subscriber: Subscriber, why: str, words: str, *, delivery_id: UUID | None) -> None:
    """Keep why somebody left; told twice, the last counts.

    :raises Invalid: it is none of the reasons that are offered
    """
    if why not in list(Why):
        raise Invalid("Choose one of the reasons.")
    found = db.session.scalar(
        select(LeaveReason).where(
            LeaveReason.subscriber_id == subscriber.id, LeaveReason.delivery_id == delivery_id
        )
    )
    reason = found or LeaveReason(
        workspace_id=subscriber.workspace_id, subscriber_id=subscriber.id, delivery_id=delivery_id
    )
    reason.why, reason.words = Why(why), " ".join(words.replace("\0", "").split())[:500]
    db.session.add(reason)
    db.session.flush()
