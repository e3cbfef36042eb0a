"""Asking again for mails that were due and never made: the broker was down, or a worker died."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from mailer.audience.models import Subscription, SubscriptionStatus
from mailer.db import db
from mailer.jobs import SEND_CONFIRMATION, SEND_WELCOME, later

_PATIENCE: Final = timedelta(seconds=60)
_AT_ONCE: Final = 1_000


def sweep_subscriptions(*, now: datetime) -> int:
    """Nudge the mails of subscriptions that have been due for more than a minute.

    :return: how many
    """
    due = db.session.execute(
        select(Subscription.id, Subscription.status)
        .where(Subscription.mail_due_at.is_not(None), Subscription.mail_due_at < now - _PATIENCE)
        .order_by(Subscription.mail_due_at)
        .limit(_AT_ONCE)
    ).all()
    for subscription_id, status in due:
        job = SEND_CONFIRMATION if status is SubscriptionStatus.PENDING else SEND_WELCOME
        later(job, str(subscription_id))
    return len(due)
