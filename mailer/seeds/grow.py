"""An audience of any size, made fast: for tests, benchmarks and a look at large numbers."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice, pairwise
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, or_, select

from mailer.audience.fields import create_missing_fields
from mailer.audience.lists import ListSettings, create_list
from mailer.audience.models import (
    AudienceDay,
    MailingList,
    OptIn,
    Subscriber,
    Subscription,
    SubscriptionStatus,
    Visibility,
)
from mailer.bulk import Bulk
from mailer.consent.models import Act, Channel, ConsentRecord
from mailer.consent.record import hash_of, keep_words
from mailer.db import db
from mailer.lib.ids import parse_id
from mailer.seeds.people import Person, people

#: How many are made between two commits.
CHUNK: Final = 5_000
#: Over how long they are said to have come, so that growth has a curve.
SPAN: Final = timedelta(days=540)
WORDS: Final = "Made up by the seeds; no such person exists."

_ACTIVE: Final = SubscriptionStatus.ACTIVE.value
_PROOF: Final = (Act.SUBSCRIBED.value, Channel.IMPORT.value, hash_of(WORDS), "", "", "")
_SUBSCRIBER: Final = (
    *("id", "created_at", "updated_at", "workspace_id", "email", "email_key"),
    *("name", "locale", "time_zone", "fields"),
)
_SUBSCRIPTION: Final = (
    *("id", "created_at", "started_at", "workspace_id", "list_id", "subscriber_id", "status"),
)
_CONSENT_RECORD: Final = (
    *("id", "created_at", "workspace_id", "subscriber_id", "list_id"),
    *("act", "via", "words_hash", "locale", "ip", "user_agent"),
)


@dataclass(frozen=True)
class Crowd:
    """People who are to be made, and when each is said to have come.

    :param first: how many there have ever been; the next one's number
    """

    workspace_id: UUID
    list_id: UUID
    count: int
    start: datetime
    first: int
    seed: int

    @classmethod
    def of(cls, mailing_list: MailingList, count: int, *, now: datetime, seed: int = 1) -> "Crowd":
        """Return a crowd for a list, and make the fields that they have."""
        workspace_id = mailing_list.workspace_id
        create_missing_fields(workspace_id, {"city": ""})
        first = _ever_added(workspace_id)
        return cls(workspace_id, mailing_list.id, count, now.astimezone(UTC) - SPAN, first, seed)

    def shared_by(self, loaders: int) -> list[range]:
        """Return each loader's part.

        Neighbours are one loader's: two that counted people of the same day would wait
        for each other's commit.
        """
        edges = [self.count * number // loaders for number in range(loaders + 1)]
        return [range(begin, end) for begin, end in pairwise(edges)]

    def moment(self, position: int) -> datetime:
        """Return when one of them came: ever more as time goes on."""
        return self.start + SPAN * ((position + 1) / self.count) ** 0.6


def grow(crowd: Crowd, part: range | None = None) -> Iterator[int]:
    """Put made-up people on a list, with the proof of each.

    One chunk is made for each step of the iteration, so that the caller can commit
    between two of them.

    :param part: which of the crowd, when several loaders share it
    :return: how many each chunk has
    """
    part = part or range(crowd.count)
    made = people(seed=crowd.seed, first=crowd.first + part.start)
    for begin in range(part.start, part.stop, CHUNK):
        positions = range(begin, min(begin + CHUNK, part.stop))
        _put_on(crowd, [crowd.moment(position) for position in positions], islice(made, len(positions)))
        yield len(positions)


def list_called(workspace_id: UUID, text: str) -> MailingList:
    """Return the list with an id or a name; one that is missing is made, private and with single opt-in."""
    found = db.session.scalar(
        select(MailingList).where(
            MailingList.workspace_id == workspace_id,
            or_(MailingList.id == parse_id(MailingList.prefix, text), MailingList.name == text),
        )
    )
    return found or create_list(
        workspace_id, ListSettings(text, opt_in=OptIn.SINGLE, visibility=Visibility.PRIVATE)
    )


def _ever_added(workspace_id: UUID) -> int:
    """Return how many subscribers there have ever been: the number of the next made-up one."""
    added = select(func.sum(AudienceDay.added)).where(AudienceDay.workspace_id == workspace_id)
    return int(db.session.scalar(added) or 0)


def _put_on(crowd: Crowd, moments: list[datetime], made: Iterator[Person]) -> None:
    bulk = Bulk()
    workspace_id, list_id = bulk.id(crowd.workspace_id), bulk.id(crowd.list_id)
    subscribers: list[tuple[Any, ...]] = []
    subscriptions: list[tuple[Any, ...]] = []
    proofs: list[tuple[Any, ...]] = []
    for moment, person in zip(moments, made, strict=True):
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
    bulk.copy_in(Subscriber.__tablename__, _SUBSCRIBER, subscribers)
    bulk.copy_in(Subscription.__tablename__, _SUBSCRIPTION, subscriptions)
    keep_words(crowd.workspace_id, WORDS)
    bulk.copy_in(ConsentRecord.__tablename__, _CONSENT_RECORD, proofs)


@cache
def _fields(city: str) -> str:
    return json.dumps({"city": city}, ensure_ascii=False)
