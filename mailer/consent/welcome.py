"""The welcome mail of a list that has one."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import update

from mailer import signals
from mailer.audience.models import Subscription, SubscriptionStatus
from mailer.current import links
from mailer.db import db
from mailer.jobs import SEND_WELCOME, later
from mailer.lib.system_mail import SystemMail


def welcome(subscription: Subscription, *, now: datetime) -> None:
    """Have a welcome mail sent to a subscription that has just become active, if its list has one."""
    if not subscription.list.welcome_body:
        subscription.mail_due_at = None
        return
    subscription.mail_due_at = now
    db.session.flush()
    later(SEND_WELCOME, str(subscription.id))


def send_welcome(subscription_id: UUID) -> None:
    """Make the welcome mail of a subscription, once, however often it is asked for."""
    subscription = take_due_mail(subscription_id, SubscriptionStatus.ACTIVE)
    if subscription is None:
        return
    mailing_list, subscriber = subscription.list, subscription.subscriber
    signals.mail_wanted.send(
        SystemMail(
            template="welcome",
            workspace_id=subscription.workspace_id,
            to=subscriber.email,
            subscriber_id=subscriber.id,
            values={
                "subject": mailing_list.welcome_subject,
                "words": mailing_list.welcome_body,
                "list_name": mailing_list.name,
                "preferences_url": links().preferences_url(subscriber.id),
            },
        )
    )


def take_due_mail(subscription_id: UUID, status: SubscriptionStatus) -> Subscription | None:
    """Return a subscription whose mail is due, to whoever asks first; its mail is due no more."""
    taken = db.session.scalar(
        update(Subscription)
        .where(
            Subscription.id == subscription_id,
            Subscription.status == status,
            Subscription.mail_due_at.is_not(None),
        )
        .values(mail_due_at=None)
        .returning(Subscription.id)
    )
    return db.session.get(Subscription, subscription_id) if taken else None
