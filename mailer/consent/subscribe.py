"""Joining a list."""

from datetime import datetime

from sqlalchemy import select

from mailer import signals
from mailer.audience.models import MailingList, OptIn, Subscriber, Subscription, SubscriptionStatus
from mailer.consent.confirm import ask_for_confirmation
from mailer.consent.models import Act, Channel, Evidence
from mailer.consent.record import keep_record
from mailer.consent.welcome import welcome
from mailer.db import db, insert_missing
from mailer.errors import Conflict, Invalid
from mailer.lib.ids import uuid7


def subscribe(
    subscriber: Subscriber,
    mailing_list: MailingList,
    *,
    evidence: Evidence,
    now: datetime,
    is_confirmed: bool = False,
) -> Subscription:
    """Put a subscriber on a list, at once or once they have confirmed.

    Who left comes back only by an act of their own, and by one that proves the address
    is theirs: a link in a mail, or a confirmation. An import, a program or a member of
    staff leaves a subscription that exists as it is.

    :param is_confirmed: somebody answers for the consent, so that no confirmation is
        asked for even on a list with double opt-in
    :raises Conflict: the list is archived
    """
    if mailing_list.archived_at is not None:
        raise Conflict(f"“{mailing_list.name}” is archived; bring it back before anyone joins.")
    if subscriber.workspace_id != mailing_list.workspace_id:
        raise Invalid("This list belongs to another workspace.")
    subscription, is_new = _place_on(subscriber, mailing_list, now)
    if subscription.is_active:
        return subscription
    if not is_new and not evidence.via.is_own_act:
        if subscription.status is SubscriptionStatus.PENDING:
            ask_for_confirmation(subscription, evidence=evidence, now=now)
        return subscription

    starts_at_once = (
        evidence.via.is_proof_of_address
        or (is_new and is_confirmed)
        or (is_new and mailing_list.opt_in is OptIn.SINGLE)
    )
    if starts_at_once:
        subscription.start(at=now)
        keep_record(subscription, act=Act.SUBSCRIBED, evidence=evidence, at=now)
        db.session.flush()
        signals.subscribed.send(subscription)
        welcome(
            subscription,
            now=now,
            is_proven=evidence.via.is_proof_of_address or evidence.via is Channel.STAFF,
        )
    else:
        subscription.await_confirmation()
        ask_for_confirmation(subscription, evidence=evidence, now=now)
    return subscription


def subscription_of(subscriber: Subscriber, mailing_list: MailingList) -> Subscription | None:
    """Return a subscriber's place on a list, whatever its status."""
    return db.session.scalar(
        select(Subscription).where(
            Subscription.list_id == mailing_list.id, Subscription.subscriber_id == subscriber.id
        )
    )


def _place_on(subscriber: Subscriber, mailing_list: MailingList, now: datetime) -> tuple[Subscription, bool]:
    subscription = subscription_of(subscriber, mailing_list)
    if subscription is not None:
        return subscription, False
    made = insert_missing(
        Subscription,
        [
            {
                "id": uuid7(),
                "created_at": now,
                "workspace_id": subscriber.workspace_id,
                "list_id": mailing_list.id,
                "subscriber_id": subscriber.id,
                "status": SubscriptionStatus.PENDING,
            }
        ],
        returning=Subscription.id,
    )
    subscription = subscription_of(subscriber, mailing_list)
    assert subscription is not None
    return subscription, bool(made)
