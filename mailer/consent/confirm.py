"""Double opt-in: asking for a confirmation, politely, and taking it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, select

from mailer import signals
from mailer.audience.lists import consent_words
from mailer.audience.models import Subscription, SubscriptionStatus
from mailer.consent.allowance import take_mail
from mailer.consent.models import Act, Channel, ConsentRecord, Evidence
from mailer.consent.own_words import own_words
from mailer.consent.record import keep_record
from mailer.consent.welcome import take_due_mail, welcome
from mailer.current import links
from mailer.db import db
from mailer.errors import Conflict
from mailer.jobs import SEND_CONFIRMATION, later
from mailer.lib.system_mail import SystemMail
from mailer.web.languages import known

#: One mail a day to an address, across all lists: sign-up forms are used to bomb
#: mailboxes (Spamhaus, 2016).
CONFIRMATION_PAUSE: Final = timedelta(days=1)
#: How long a confirmation link works; an older one offers to send a new one.
CONFIRMATION_LIFETIME: Final = timedelta(days=30)


class ConfirmationTooOld(Conflict):
    """The link was mailed too long ago, or its subscription has ended since."""


def ask_for_confirmation(subscription: Subscription, *, evidence: Evidence, now: datetime) -> bool:
    """Have a confirmation mail sent, unless this address was sent one lately.

    One act, such as a form for several lists, has one ``now`` and one mail for all of them.

    :return: whether one will be sent
    """
    if subscription.status is not SubscriptionStatus.PENDING:
        return False
    last = _last_asked(subscription)
    is_same_act = last == now
    if last is not None and not is_same_act and now - last < CONFIRMATION_PAUSE:
        return False
    if not is_same_act and not take_mail(subscription.subscriber.email, now=now):
        return False
    subscription.confirmation_sent_at = now
    keep_record(subscription, act=Act.REQUESTED, evidence=evidence, at=now)
    if not is_same_act:
        subscription.mail_due_at = now
        later(SEND_CONFIRMATION, str(subscription.id))
    db.session.flush()
    return True


def send_confirmation(subscription_id: UUID) -> None:
    """Make the confirmation mail of a subscription, once, however often it is asked for."""
    subscription = take_due_mail(subscription_id, SubscriptionStatus.PENDING)
    if subscription is None:
        return
    mailing_list, subscriber = subscription.list, subscription.subscriber
    own = own_words(subscription, "confirm")
    request = _request(subscription)
    names = [one.list.name for one in asked_together(subscription)]
    signals.mail_wanted.send(
        SystemMail(
            template="confirm_subscription",
            workspace_id=subscription.workspace_id,
            to=subscriber.email,
            subscriber_id=subscriber.id,
            language=known(request.locale if request else "", subscriber.locale),
            values={
                "own": own,
                "list_names": names,
                "list_description": mailing_list.description if len(names) == 1 else "",
                "consent_words": _shown_words(request) or consent_words(mailing_list),
                "workspace_name": mailing_list.workspace.name,
                "confirm_url": links().confirm_url(subscription.id),
                "lifetime_days": CONFIRMATION_LIFETIME.days,
            },
        )
    )


def confirm(subscription: Subscription, *, evidence: Evidence, now: datetime) -> None:
    """Take a confirmation; a second one changes nothing.

    :raises ConfirmationTooOld: a new mail has to be asked for
    """
    if subscription.is_active:
        return
    if not can_confirm(subscription, now=now):
        raise ConfirmationTooOld("This link is too old; ask for a new one.")
    for one in asked_together(subscription):
        one.start(at=now)
        keep_record(one, act=Act.CONFIRMED, evidence=evidence, at=now)
        db.session.flush()
        signals.subscribed.send(one, is_confirmed=True)
        welcome(one, now=now)


def can_confirm(subscription: Subscription, *, now: datetime) -> bool:
    """Whether a confirmation link of this subscription still works."""
    asked_at = subscription.confirmation_sent_at
    return (
        subscription.status is SubscriptionStatus.PENDING
        and asked_at is not None
        and now - asked_at <= CONFIRMATION_LIFETIME
    )


def ask_again(subscription: Subscription, *, evidence: Evidence, now: datetime) -> bool:
    """Send a new confirmation to whoever holds an old link.

    :return: whether one will be sent; not when one was lately
    """
    if subscription.is_active or subscription.list.archived_at is not None:
        return False
    subscription.await_confirmation()
    return ask_for_confirmation(subscription, evidence=evidence, now=now)


def asked_together(subscription: Subscription) -> Sequence[Subscription]:
    """Return the pending subscriptions that one mail asks about, this one first."""
    others = db.session.scalars(
        select(Subscription)
        .where(
            Subscription.subscriber_id == subscription.subscriber_id,
            Subscription.status == SubscriptionStatus.PENDING,
            Subscription.confirmation_sent_at == subscription.confirmation_sent_at,
            Subscription.id != subscription.id,
        )
        .order_by(Subscription.id)
    )
    return [subscription, *others]


def _last_asked(subscription: Subscription) -> datetime | None:
    return db.session.scalar(
        select(func.max(Subscription.confirmation_sent_at)).where(
            Subscription.subscriber_id == subscription.subscriber_id
        )
    )


def _request(subscription: Subscription) -> ConsentRecord | None:
    """Return the act that asked for the mail."""
    return db.session.scalar(
        select(ConsentRecord)
        .where(
            ConsentRecord.subscriber_id == subscription.subscriber_id,
            ConsentRecord.list_id == subscription.list_id,
            ConsentRecord.act == Act.REQUESTED,
        )
        .order_by(ConsentRecord.id.desc())
        .limit(1)
    )


def _shown_words(request: ConsentRecord | None) -> str:
    """Return what the form said that somebody filled in; nothing when staff or a program asked for them."""
    return request.words if request is not None and request.via is Channel.SIGNUP_PAGE else ""
