"""How lists and subscribers look to programs."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import AwareDatetime, Field
from sqlalchemy import select

from mailer.api.schemas import Shown
from mailer.audience.models import (
    MailingList,
    OptIn,
    Subscriber,
    Subscription,
    SubscriptionStatus,
    Tag,
    Visibility,
    subscriber_tags,
)
from mailer.audience.queries.lists import ListCounts
from mailer.db import db
from mailer.lib.ids import public_id


class CountsShown(Shown):
    """How many subscriptions of a list are in each status."""

    active: int
    pending: int
    unsubscribed: int


class ListShown(Shown):
    """A mailing list."""

    object: Literal["mailing_list"] = "mailing_list"
    id: str
    name: str
    description: str
    opt_in: OptIn
    visibility: Visibility
    consent_words: str = Field(description="Beside the sign-up button; empty for the usual words.")
    welcome_subject: str
    welcome_body: str
    most_per_day: int | None = Field(description="Campaigns within 24 hours; null for any number.")
    most_per_week: int | None = Field(description="Campaigns within 7 days; null for any number.")
    counts: CountsShown
    created_at: AwareDatetime
    archived_at: AwareDatetime | None


class SubscriptionShown(Shown):
    """A subscriber's place on a list."""

    list: str
    status: SubscriptionStatus
    started_at: AwareDatetime | None
    ended_at: AwareDatetime | None


class SubscriberShown(Shown):
    """A subscriber, with every list that they are or were on."""

    object: Literal["subscriber"] = "subscriber"
    id: str
    email: str
    external_id: str | None = Field(description="What your programs call them.", examples=["customer-4711"])
    name: str
    locale: str
    time_zone: str
    fields: dict[str, Any]
    tags: list[str]
    subscriptions: list[SubscriptionShown]
    paused_until: AwareDatetime | None = Field(description="Asked to hear nothing until then.")
    created_at: AwareDatetime
    updated_at: AwareDatetime


def shown_lists(lists: Sequence[MailingList], counts: dict[Any, ListCounts]) -> list[ListShown]:
    """Return lists as programs see them."""
    return [
        ListShown.of(mailing_list, counts=CountsShown.of(counts[mailing_list.id])) for mailing_list in lists
    ]


def shown_subscribers(subscribers: Sequence[Subscriber]) -> list[SubscriberShown]:
    """Return subscribers as programs see them, with two queries for all of them together."""
    ids = [subscriber.id for subscriber in subscribers]
    places: dict[Any, list[SubscriptionShown]] = {identifier: [] for identifier in ids}
    for row in db.session.execute(
        select(
            Subscription.subscriber_id,
            Subscription.list_id,
            Subscription.status,
            Subscription.started_at,
            Subscription.ended_at,
        )
        .where(Subscription.subscriber_id.in_(ids))
        .order_by(Subscription.id)
    ):
        places[row.subscriber_id].append(
            SubscriptionShown(
                list=public_id(MailingList.prefix, row.list_id),
                status=row.status,
                started_at=row.started_at,
                ended_at=row.ended_at,
            )
        )
    tags: dict[Any, list[str]] = {identifier: [] for identifier in ids}
    for subscriber_id, name in db.session.execute(
        select(subscriber_tags.c.subscriber_id, Tag.name)
        .join(Tag, Tag.id == subscriber_tags.c.tag_id)
        .where(subscriber_tags.c.subscriber_id.in_(ids))
        .order_by(Tag.name)
    ):
        tags[subscriber_id].append(name)
    return [
        SubscriberShown.of(subscriber, tags=tags[subscriber.id], subscriptions=places[subscriber.id])
        for subscriber in subscribers
    ]
