"""The welcome mail of a list that has one."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import update

from mailer import signals
from mailer.audience.models import Subscription, SubscriptionStatus
from mailer.consent.allowance import take_mail
from mailer.consent.own_words import welcome_words
from mailer.current import links
from mailer.db import db
from mailer.jobs import SEND_WELCOME, later
from mailer.lib.system_mail import SystemMail
from mailer.web.languages import known


def welcome(subscription: Subscription, *, now: datetime, is_proven: bool = True) -> None:
    """Have a welcome mail sent to a subscription that has just become active, if there is one.

    :param is_proven: whoever asked reads the mails of this address; otherwise it counts against
        the address's allowance
    """
    is_wanted = welcome_words(subscription) is not None
    if not is_wanted or not (is_proven or take_mail(subscription.subscriber.email, now=now)):
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
    words = welcome_words(subscription)
    if words is None:
        return
    mailing_list, subscriber = subscription.list, subscription.subscriber
    signals.mail_wanted.send(
        SystemMail(
            template="welcome",
            workspace_id=subscription.workspace_id,
            to=subscriber.email,
            subscriber_id=subscriber.id,
            language=known(subscriber.locale),
            values={
                "subject": words.subject,
                "words": words.body,
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
