"""Leaving: one list, those that a mail went to, or all; and taking it back."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from mailer import signals
from mailer.audience.models import Subscriber, Subscription, SubscriptionStatus
from mailer.consent.models import Act, Evidence
from mailer.consent.record import keep_record
from mailer.db import db


def unsubscribe(subscription: Subscription, *, evidence: Evidence, now: datetime) -> bool:
    """End a subscription and keep the proof of how it was asked.

    Asking twice changes nothing: links are followed again, and one-click requests
    (RFC 8058) may be repeated.

    :return: whether it ended now
    """
    if subscription.status is SubscriptionStatus.UNSUBSCRIBED:
        return False
    subscription.end(at=now)
    subscription.mail_due_at = None
    keep_record(subscription, act=Act.UNSUBSCRIBED, evidence=evidence, at=now)
    db.session.flush()
    signals.unsubscribed.send(subscription, delivery_id=evidence.delivery_id)
    return True


def leave(
    subscriber: Subscriber, list_ids: Sequence[UUID], *, evidence: Evidence, now: datetime
) -> list[Subscription]:
    """End a subscriber's places on some lists, or on every list when none is named.

    :return: the subscriptions that ended now; the link's delivery is credited with the first
    """
    ended: list[Subscription] = []
    for subscription in _places(subscriber, list_ids):
        proof = evidence if not ended else replace(evidence, delivery_id=None)
        if unsubscribe(subscription, evidence=proof, now=now):
            ended.append(subscription)
    return ended


def unsubscribe_many(
    subscribers: Iterable[Subscriber], list_id: UUID | None, *, evidence: Evidence, now: datetime
) -> int:
    """End the places of many subscribers on one list, or on all.

    :return: how many subscribers left something
    """
    named = [list_id] if list_id else []
    return sum(bool(leave(subscriber, named, evidence=evidence, now=now)) for subscriber in subscribers)


def _places(subscriber: Subscriber, list_ids: Sequence[UUID]) -> Sequence[Subscription]:
    query = select(Subscription).where(
        Subscription.subscriber_id == subscriber.id, Subscription.status != SubscriptionStatus.UNSUBSCRIBED
    )
    if list_ids:
        query = query.where(Subscription.list_id.in_(list_ids))
    # In one order for everybody, so that two requests never wait for each other in a circle.
    return db.session.scalars(query.order_by(Subscription.list_id).with_for_update()).all()
