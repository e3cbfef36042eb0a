"""An audience of any size, made fast: for tests, benchmarks and a look at large numbers."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, or_, select

from mailer.audience.fields import create_missing_fields
from mailer.audience.lists import create_list
from mailer.audience.models import (
    AudienceDay,
    MailingList,
    OptIn,
    Subscriber,
    Subscription,
    SubscriptionStatus,
    Visibility,
)
from mailer.consent.models import Act, Channel, ConsentRecord
from mailer.db import db
from mailer.lib.ids import parse_id
from mailer.seeds.bulk import Bulk
from mailer.seeds.people import Person, people

#: How many are made between two commits.
CHUNK: Final = 20_000
#: Over how long they are said to have come, so that growth has a curve.
SPAN: Final = timedelta(days=540)
WORDS: Final = "Made up by the seeds; no such person exists."

_ACTIVE: Final = SubscriptionStatus.ACTIVE.value
_PROOF: Final = (Act.SUBSCRIBED.value, Channel.IMPORT.value, WORDS, "", "", "")
_SUBSCRIBER: Final = (
    *("id", "created_at", "updated_at", "workspace_id", "email", "email_key"),
    *("name", "locale", "time_zone", "fields"),
)
_SUBSCRIPTION: Final = (
    *("id", "created_at", "started_at", "workspace_id", "list_id", "subscriber_id", "status"),
)
_CONSENT_RECORD: Final = (
    *("id", "created_at", "workspace_id", "subscriber_id", "list_id"),
    *("act", "via", "words", "locale", "ip", "user_agent"),
)


def grow(mailing_list: MailingList, count: int, *, now: datetime, seed: int = 1) -> Iterator[int]:
    """Put made-up people on a list, with the proof of each.

    One chunk is made for each step of the iteration, so that the caller can commit
    between two of them.

    :return: how many there are after each chunk
    """
    workspace_id, start = mailing_list.workspace_id, now.astimezone(UTC) - SPAN
    create_missing_fields(workspace_id, {"city": ""})
    crowd = people(seed=seed, first=_ever_added(workspace_id))
    for done in range(0, count, CHUNK):
        size = min(CHUNK, count - done)
        # Ever more of them as time goes on.
        shares = ((done + position + 1) / count for position in range(size))
        moments = [start + SPAN * share**0.6 for share in shares]
        _put_on(mailing_list, moments, islice(crowd, size))
        yield done + size


def list_called(workspace_id: UUID, text: str) -> MailingList:
    """Return the list with an id or a name; one that is missing is made, private and with single opt-in."""
    found = db.session.scalar(
        select(MailingList).where(
            MailingList.workspace_id == workspace_id,
            or_(MailingList.id == parse_id(MailingList.prefix, text), MailingList.name == text),
        )
    )
    return found or create_list(workspace_id, text, opt_in=OptIn.SINGLE, visibility=Visibility.PRIVATE)


def _ever_added(workspace_id: UUID) -> int:
    """Return how many subscribers there have ever been: the number of the next made-up one."""
    added = select(func.sum(AudienceDay.added)).where(AudienceDay.workspace_id == workspace_id)
    return int(db.session.scalar(added) or 0)


def _put_on(mailing_list: MailingList, moments: list[datetime], crowd: Iterator[Person]) -> None:
    bulk = Bulk()
    workspace_id, list_id = bulk.id(mailing_list.workspace_id), bulk.id(mailing_list.id)
    subscribers: list[tuple[Any, ...]] = []
    subscriptions: list[tuple[Any, ...]] = []
    proofs: list[tuple[Any, ...]] = []
    for moment, person in zip(moments, crowd, strict=True):
        at, email = bulk.moment(moment), person.email
        subscriber_id, place_id, proof_id = bulk.ids_at(moment, 3)
        subscribers.append(
            (
                *(subscriber_id, at, at, workspace_id, email, email),
                *(person.name, person.locale, person.time_zone, _fields(person.city)),
            )
        )
        subscriptions.append((place_id, at, at, workspace_id, list_id, subscriber_id, _ACTIVE))
        proofs.append((proof_id, at, workspace_id, subscriber_id, list_id, *_PROOF))
    bulk.copy_in(Subscriber.__table__, _SUBSCRIBER, subscribers)  # type: ignore[arg-type]
    bulk.copy_in(Subscription.__table__, _SUBSCRIPTION, subscriptions)  # type: ignore[arg-type]
    bulk.copy_in(ConsentRecord.__table__, _CONSENT_RECORD, proofs)  # type: ignore[arg-type]


@cache
def _fields(city: str) -> str:
    return json.dumps({"city": city}, ensure_ascii=False)
