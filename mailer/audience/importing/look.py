"""What is known of the people in a chunk, asked in a handful of questions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from mailer import signals
from mailer.audience.importing.plan import Batch, Plan
from mailer.audience.importing.rows import Person
from mailer.audience.models import Existing, Subscriber, Subscription, SubscriptionStatus, subscriber_tags
from mailer.audience.subscribers import merged_fields
from mailer.bulk import is_among
from mailer.db import db

#: The columns that a file may fill, besides fields.
DETAILS: Final = ("name", "locale", "time_zone", "external_id")


@dataclass(frozen=True)
class Change:
    """What a file changes about somebody who is here.

    :param before: of what changes: columns by name, and under ``fields`` values by key; None was no value
    :param after: the same, as the file has it
    """

    subscriber_id: UUID
    before: dict[str, Any]
    after: dict[str, Any]
    #: As it is stored from now on.
    row: dict[str, Any]


@dataclass
class Known:
    """What is known of the people in a chunk.

    :param people: id, :data:`DETAILS`, fields, import_id by email key
    :param places: the status of each (list id, subscriber id)
    """

    people: dict[str, Any]
    places: dict[tuple[UUID, UUID], SubscriptionStatus] = field(default_factory=dict)
    tagged: set[tuple[UUID, UUID]] = field(default_factory=set)
    changes: list[Change] = field(default_factory=list)

    @property
    def left_before(self) -> int:
        """How many left one of the lists at some time."""
        left = SubscriptionStatus.UNSUBSCRIBED
        return len({person for (_, person), status in self.places.items() if status is left})


def look(plan: Plan, batch: Batch) -> Known:
    """Return what is known of a batch's people, and take out of it whom we may not have."""
    _refuse_the_unwanted(plan, batch)
    _refuse_ids_of_others(plan, batch)
    known = Known(_people(plan.workspace_id, list(batch.people)))
    ids = [row.id for row in known.people.values()]
    if ids and plan.list_ids:
        known.places = _places(plan.list_ids, ids)
    if ids and (plan.tag_names or any(batch.people[key].tags for key in known.people)):
        known.tagged = _tagged(ids)
    if plan.existing is not Existing.KEEP:
        overwrites = plan.existing is Existing.OVERWRITE
        for key, row in known.people.items():
            change = _change(row, batch.people[key], overwrites=overwrites)
            if change is not None:
                known.changes.append(change)
    return known


def _refuse_the_unwanted(plan: Plan, batch: Batch) -> None:
    for _, answer in signals.refusals_wanted.send(plan.workspace_id, keys=list(batch.people)):
        for key, (kind, reason) in answer.items():
            if key in batch.people:
                batch.refuse(key, kind, reason)


def _refuse_ids_of_others(plan: Plan, batch: Batch) -> None:
    """Take out whom the file calls what somebody else is called.

    A program that saves one subscriber so means a new address of theirs; a file of people would
    take addresses away by the thousand where its columns were mixed up.
    """
    named = {key: person.external_id for key, person in batch.people.items() if person.external_id}
    if not named:
        return
    owners = {
        row.external_id: row.email_key
        for row in db.session.execute(
            select(Subscriber.external_id, Subscriber.email_key).where(
                Subscriber.workspace_id == plan.workspace_id,
                is_among(Subscriber.external_id, list(set(named.values()))),
            )
        )
    }
    for key, external_id in named.items():
        owner = owners.setdefault(external_id, key)
        if owner != key:
            batch.refuse(key, "other_person", f"“{external_id}” is the external id of {owner}.")


def _people(workspace_id: UUID, keys: Sequence[str]) -> dict[str, Any]:
    rows = db.session.execute(
        select(
            Subscriber.id,
            Subscriber.email_key,
            *(getattr(Subscriber, name) for name in DETAILS),
            Subscriber.fields,
            Subscriber.import_id,
        ).where(Subscriber.workspace_id == workspace_id, is_among(Subscriber.email_key, keys))
    )
    return {row.email_key: row for row in rows}


def _places(
    list_ids: Sequence[UUID], subscriber_ids: Sequence[UUID]
) -> dict[tuple[UUID, UUID], SubscriptionStatus]:
    rows = db.session.execute(
        select(Subscription.list_id, Subscription.subscriber_id, Subscription.status).where(
            Subscription.list_id.in_(list_ids), is_among(Subscription.subscriber_id, subscriber_ids)
        )
    )
    return {(row.list_id, row.subscriber_id): row.status for row in rows}


def _tagged(subscriber_ids: Sequence[UUID]) -> set[tuple[UUID, UUID]]:
    rows = db.session.execute(
        select(subscriber_tags.c.subscriber_id, subscriber_tags.c.tag_id).where(
            is_among(subscriber_tags.c.subscriber_id, subscriber_ids)
        )
    )
    return {(row.subscriber_id, row.tag_id) for row in rows}


def _change(row: Any, person: Person, *, overwrites: bool) -> Change | None:
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for name in DETAILS:
        value, kept = getattr(person, name), getattr(row, name)
        if value and value != kept and (overwrites or not kept):
            before[name], after[name] = kept, value
    fields = _changed_fields(row.fields, person.fields, overwrites=overwrites)
    if fields:
        before["fields"] = {key: row.fields.get(key) for key in fields}
        after["fields"] = fields
    if not after:
        return None
    stored = {
        "id": row.id,
        **{name: after.get(name, getattr(row, name)) for name in DETAILS},
        "fields": merged_fields(row.fields, fields),
    }
    return Change(row.id, before, after, stored)


def _changed_fields(
    known: Mapping[str, Any], given: Mapping[str, Any], *, overwrites: bool
) -> dict[str, Any]:
    return {
        key: value
        for key, value in given.items()
        if value is not None and known.get(key) != value and (overwrites or known.get(key) is None)
    }
