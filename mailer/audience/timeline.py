"""What happened to one subscriber, gathered from every room that knows something."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from mailer import signals
from mailer.audience.models import AddressChange, Subscriber
from mailer.db import db


@dataclass(frozen=True)
class Event:
    """Something that happened, in words for a person.

    :param icon: a name of ``mailer/frontend/icons.txt``
    :param kind: ``good``, ``bad``, ``warn``, ``accent`` or nothing: how it is coloured
    :param is_standing: it still holds and decides whether they are mailed, so it is shown first
    """

    at: datetime
    icon: str
    text: str
    kind: str = ""
    detail: str = ""
    is_standing: bool = False


def events_of(subscriber: Subscriber, *, limit: int = 200) -> Sequence[Event]:
    """Return what happened to a subscriber, newest first."""
    answers = signals.timeline_wanted.send(subscriber, limit=limit)
    events = [event for _, known in answers for event in known]
    events += _former_addresses(subscriber)
    events.append(Event(subscriber.created_at, "user-plus", "Was added to the audience"))
    return sorted(events, key=lambda event: event.at, reverse=True)[:limit]


def _former_addresses(subscriber: Subscriber) -> list[Event]:
    changes = db.session.scalars(select(AddressChange).where(AddressChange.subscriber_id == subscriber.id))
    return [_told(each) for each in changes]


def _told(change: AddressChange) -> Event:
    if change.merged_from_id is not None:
        return Event(change.created_at, "users", f"Was merged with {change.before}", "accent")
    return Event(change.created_at, "at", f"Changed the address; it was {change.before}")
