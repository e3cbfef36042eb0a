"""An audience of any size, made fast: for tests, benchmarks and a look at large numbers."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select
from uuid_utils import uuid7 as fast_uuid7

from mailer.audience.models import (
    AudienceDay,
    MailingList,
    Subscriber,
    Subscription,
    SubscriptionStatus,
)
from mailer.consent.models import Act, Channel, ConsentRecord
from mailer.db import db
from mailer.seeds.bulk import copy_in
from mailer.seeds.people import people

#: How many are made between two commits.
CHUNK: Final = 20_000
#: Over how long they are said to have come, so that growth has a curve.
SPAN: Final = timedelta(days=540)
WORDS: Final = "Made up by the seeds; no such person exists."
ACTIVE: Final = SubscriptionStatus.ACTIVE.value
_PROOF: Final = (Act.SUBSCRIBED.value, Channel.IMPORT.value, WORDS, "", "", "")

_COLUMNS: Final = (
    "id",
    "created_at",
    "updated_at",
    "workspace_id",
    "email",
    "email_key",
    "name",
    "locale",
    "time_zone",
    "fields",
)


def grow(mailing_list: MailingList, count: int, *, now: datetime, seed: int = 1) -> Iterator[int]:
    """Put made-up people on a list, with the proof of each.

    A chunk is made for each step of the iteration, so that the caller can commit
    between two of them.

    :return: how many there are after each chunk
    """
    known = db.session.scalar(
        select(func.coalesce(func.sum(AudienceDay.added), 0)).where(
            AudienceDay.workspace_id == mailing_list.workspace_id
        )
    )
    crowd = people(seed=seed, first=int(known or 0))
    done = 0
    while done < count:
        size = min(CHUNK, count - done)
        moments = _moments(now, done, size, count)
        rows = _subscribers(mailing_list.workspace_id, crowd, moments)
        copy_in(Subscriber.__table__, _COLUMNS, rows)  # type: ignore[arg-type]
        _subscribe(mailing_list, rows)
        done += size
        yield done


def id_at(moment: datetime) -> UUID:
    """Return an id as it would have been made at a moment, so that ids sort as the rows were made."""
    nanoseconds = int(moment.timestamp() * 1_000_000) * 1_000
    return UUID(bytes=fast_uuid7(nanoseconds=nanoseconds).bytes)


def _moments(now: datetime, done: int, size: int, count: int) -> list[datetime]:
    """Return when each came: ever more of them as time goes on."""
    start = now - SPAN
    return [start + SPAN * ((done + position + 1) / count) ** 0.6 for position in range(size)]


def _subscribers(workspace_id: UUID, crowd: Iterator[Any], moments: list[datetime]) -> list[tuple[Any, ...]]:
    cities: dict[str, str] = {}
    rows = []
    for person, moment in zip(islice(crowd, len(moments)), moments, strict=True):
        fields = cities.get(person.city)
        if fields is None:
            fields = cities[person.city] = json.dumps({"city": person.city}, ensure_ascii=False)
        rows.append(
            (
                id_at(moment),
                moment,
                moment,
                workspace_id,
                person.email,
                person.email,
                person.name,
                person.locale,
                person.time_zone,
                fields,
            )
        )
    return rows


def _subscribe(mailing_list: MailingList, rows: list[tuple[Any, ...]]) -> None:
    """Put the subscribers of one chunk on the list, and keep why."""
    workspace_id, list_id = mailing_list.workspace_id, mailing_list.id
    copy_in(
        Subscription.__table__,  # type: ignore[arg-type]
        ("id", "created_at", "started_at", "workspace_id", "list_id", "subscriber_id", "status"),
        [
            (id_at(moment), moment, moment, workspace_id, list_id, subscriber_id, ACTIVE)
            for subscriber_id, moment, *_ in rows
        ],
    )
    copy_in(
        ConsentRecord.__table__,  # type: ignore[arg-type]
        (
            *("id", "created_at", "workspace_id", "subscriber_id", "list_id", "act", "via"),
            *("words", "locale", "ip", "user_agent"),
        ),
        [
            (id_at(moment), moment, workspace_id, subscriber_id, list_id, *_PROOF)
            for subscriber_id, moment, *_ in rows
        ],
    )
