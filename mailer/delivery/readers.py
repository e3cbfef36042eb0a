"""What a few messages say of their readers, and most do not: tags, lists, since when.

It takes queries of its own, so it is asked for a batch at a time and only when the
message has the tag.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, Protocol
from uuid import UUID

from sqlalchemy import select

from mailer.audience.models import (
    MailingList,
    Subscriber,
    Subscription,
    SubscriptionStatus,
    Tag,
    subscriber_tags,
)
from mailer.db import db

RARE_NAMES: Final = frozenset(
    {"subscriber.tags", "subscriber.lists", "subscriber.list", "subscriber.subscribed_at"}
)


class _Delivery(Protocol):
    """A delivery, claimed or as a row."""

    @property
    def id(self) -> UUID: ...

    @property
    def subscriber_id(self) -> UUID | None: ...

    @property
    def list_id(self) -> UUID | None: ...


def complete(
    readers: Mapping[UUID, dict[str, Any]], deliveries: Iterable[_Delivery], names: Collection[str]
) -> None:
    """Add to the readers' values what a message asks for beyond the usual.

    :param readers: merge values by delivery
    :param names: those of :data:`RARE_NAMES` that the message has tags of
    """
    if not names:
        return
    chosen = [each for each in deliveries if each.id in readers]
    people = [each.subscriber_id for each in chosen if each.subscriber_id is not None]
    tags = _tags(people) if "subscriber.tags" in names else {}
    places = _places(people) if set(names) - {"subscriber.tags"} else {}
    for each in chosen:
        values = readers[each.id]
        own = places.get(each.subscriber_id, [])
        values["tags"] = tags.get(each.subscriber_id, [])
        values["lists"] = [name for _, name, _ in own]
        for list_id, name, started_at in own:
            if list_id == each.list_id:
                values.update(list=name, subscribed_at=started_at)


def more_about(person: Subscriber) -> dict[str, Any]:
    """Return all of it for one subscriber, as previews show it: the oldest of their lists is “the” list."""
    places = _places([person.id])[person.id]
    found: dict[str, Any] = {"tags": _tags([person.id])[person.id], "lists": [name for _, name, _ in places]}
    if places:
        _, found["list"], found["subscribed_at"] = places[0]
    return found


def _tags(people: Collection[UUID]) -> dict[UUID | None, list[str]]:
    found: dict[UUID | None, list[str]] = defaultdict(list)
    for subscriber_id, name in db.session.execute(
        select(subscriber_tags.c.subscriber_id, Tag.name)
        .join(Tag, Tag.id == subscriber_tags.c.tag_id)
        .where(subscriber_tags.c.subscriber_id.in_(people))
        .order_by(Tag.name)
    ):
        found[subscriber_id].append(name)
    return found


def _places(people: Collection[UUID]) -> dict[UUID | None, list[tuple[UUID, str, str]]]:
    """Return each one's active subscriptions, the oldest first: the list, its name, since when."""
    found: dict[UUID | None, list[tuple[UUID, str, str]]] = defaultdict(list)
    for row in db.session.execute(
        select(Subscription.subscriber_id, MailingList.id, MailingList.name, Subscription.started_at)
        .join(MailingList, MailingList.id == Subscription.list_id)
        .where(Subscription.subscriber_id.in_(people), Subscription.status == SubscriptionStatus.ACTIVE)
        .order_by(Subscription.id)
    ):
        found[row.subscriber_id].append((row.id, row.name, row.started_at.isoformat()))
    return found
