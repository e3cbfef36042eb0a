"""The work of an import: a thousand rows at a time, each chunk with its checkpoint in one transaction.

A run that was killed goes on after the last chunk that was committed; two runs at once
do no harm, since only one of them moves the checkpoint.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select, update

from mailer import signals
from mailer.audience import queries
from mailer.audience.begin_import import stale_imports
from mailer.audience.fields import clean_value
from mailer.audience.models import (
    Existing,
    Field,
    Import,
    ImportRefusal,
    ImportStatus,
    MailingList,
    Subscriber,
    Subscription,
    SubscriptionStatus,
    subscriber_tags,
)
from mailer.audience.receive_upload import dialect_of, upload_path
from mailer.audience.subscribers import clean_locale, clean_zone, merged_fields
from mailer.audience.tags import tags_named
from mailer.db import db, insert_missing
from mailer.errors import Invalid
from mailer.jobs import RUN_IMPORT, later
from mailer.lib.addresses import address_key, clean_address
from mailer.lib.clock import utcnow
from mailer.lib.csv_rows import read_rows
from mailer.lib.ids import uuid7
from mailer.lib.lines import clean_line

CHUNK: Final = 1_000
_PATIENCE: Final = timedelta(minutes=2)
_LONGEST_KEPT_CELL: Final = 300


@dataclass
class _Person:
    """One row that can be taken."""

    email: str
    details: dict[str, str]
    fields: dict[str, Any]
    tags: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Plan:
    """What an import does with every row, read once a run."""

    source: Import
    columns: Mapping[int, str]
    fields: Mapping[str, Field]
    lists: Sequence[MailingList]


def import_chunks(import_id: UUID) -> Iterator[None]:
    """Take an import's remaining rows, yielding after each chunk; the caller commits it.

    Ends early when the import was cancelled, or another run goes on with it.
    """
    source = db.session.get(Import, import_id)
    if source is None or source.status is not ImportStatus.RUNNING:
        return
    try:
        rows = read_rows(upload_path(source.stored_as), dialect_of(source))
        next(rows, None)
        rows = islice(rows, source.done_count, None)
        plan = _plan_of(source)
        while chunk := list(islice(rows, CHUNK)):
            if not _move_checkpoint(source, len(chunk)):
                db.session.rollback()
                return
            _take(plan, chunk, first_number=source.done_count + 2)
            yield
            db.session.refresh(source)
        _finish(source, ImportStatus.FINISHED)
    except (Invalid, OSError) as error:
        db.session.rollback()
        sentence = (
            error.message if isinstance(error, Invalid) else "The uploaded file is gone; upload it again."
        )
        _finish(source, ImportStatus.FAILED, error=sentence)
    yield


def sweep_imports(*, now: datetime) -> None:
    """Ask again for imports whose run has given no sign of life."""
    for source in stale_imports(before=now - _PATIENCE):
        source.touched_at = now
        later(RUN_IMPORT, str(source.id))


def _plan_of(source: Import) -> _Plan:
    fields = {field.key: field for field in queries.fields_of(source.workspace_id)}
    columns = {
        int(number): meaning
        for number, meaning in source.mapping.items()
        if not meaning.startswith("field:") or meaning.removeprefix("field:") in fields
    }
    # In the order of the key, like every other writer, so that none waits in a circle.
    lists = sorted(queries.lists_named_in(source), key=lambda row: row.id)
    return _Plan(source, columns, fields, lists)


def _move_checkpoint(source: Import, row_count: int) -> bool:
    moved = db.session.scalar(
        update(Import)
        .where(
            Import.id == source.id,
            Import.status == ImportStatus.RUNNING,
            Import.done_count == source.done_count,
        )
        .values(done_count=Import.done_count + row_count, touched_at=utcnow())
        .returning(Import.id)
        .execution_options(synchronize_session=False)
    )
    return moved is not None


def _take(plan: _Plan, rows: list[list[str]], *, first_number: int) -> None:
    people: dict[str, _Person] = {}
    refusals, repeated = [], 0
    for number, row in enumerate(rows, start=first_number):
        try:
            person = _person_of(plan, row)
        except Invalid as error:
            refusals.append((number, error.message, row))
            continue
        key = address_key(person.email)
        if key in people:
            repeated += 1
            _merge(people[key], person)
        else:
            people[key] = person

    known = _known(plan.source.workspace_id, people)
    added = _add(
        plan.source.workspace_id, {key: person for key, person in people.items() if key not in known}
    )
    updated = _update(plan.source, people, known)
    ids = {**added, **{key: row.id for key, row in known.items()}}
    subscribed, left_before = _subscribe(plan, list(ids.values()))
    _tag(plan.source, people, ids)
    _refuse(plan.source, refusals)
    _count(
        plan.source,
        added_count=len(added),
        updated_count=updated,
        unchanged_count=len(people) - len(added) - updated + repeated,
        refused_count=len(refusals),
        subscribed_count=subscribed,
        left_before_count=left_before,
    )


def _person_of(plan: _Plan, row: list[str]) -> _Person:
    cells = {meaning: row[number].strip() for number, meaning in plan.columns.items() if number < len(row)}
    if not cells.get("email"):
        raise Invalid("There is no address in this row.")
    person = _Person(clean_address(cells["email"]), {}, {})
    name = cells.get("name") or " ".join(
        part for part in (cells.get("first_name"), cells.get("last_name")) if part
    )
    person.details = {
        "name": clean_line(name, label="The name", longest=200),
        "locale": clean_locale(cells.get("locale", "")),
        "time_zone": clean_zone(cells.get("time_zone", "")),
    }
    for meaning, cell in cells.items():
        if meaning.startswith("field:") and cell:
            definition = plan.fields[meaning.removeprefix("field:")]
            try:
                person.fields[definition.key] = clean_value(definition, cell)
            except Invalid as error:
                raise Invalid(f"{definition.label}: {error.message}") from None
    person.tags = [
        clean_line(tag, label="A tag", longest=60) for tag in cells.get("tags", "").split(",") if tag.strip()
    ]
    return person


def _merge(person: _Person, later_one: _Person) -> None:
    person.details.update({name: value for name, value in later_one.details.items() if value})
    person.fields.update(later_one.fields)
    person.tags += later_one.tags


def _known(workspace_id: UUID, people: Mapping[str, _Person]) -> dict[str, Any]:
    rows = db.session.execute(
        select(
            Subscriber.id,
            Subscriber.email_key,
            Subscriber.name,
            Subscriber.locale,
            Subscriber.time_zone,
            Subscriber.fields,
        ).where(Subscriber.workspace_id == workspace_id, Subscriber.email_key.in_(list(people)))
    )
    return {row.email_key: row for row in rows}


def _add(workspace_id: UUID, people: Mapping[str, _Person]) -> dict[str, UUID]:
    rows: list[dict[str, Any]] = [
        {
            "id": uuid7(),
            "workspace_id": workspace_id,
            "email": person.email,
            "email_key": key,
            "fields": person.fields,
            **person.details,
        }
        for key, person in people.items()
    ]
    made = set(insert_missing(Subscriber, rows, returning=Subscriber.id))
    ids: dict[str, UUID] = {row["email_key"]: row["id"] for row in rows if row["id"] in made}
    if len(ids) < len(rows):
        # Somebody else added them between our look and our insert.
        late = [key for key in people if key not in ids]
        ids.update({key: row.id for key, row in _known(workspace_id, dict.fromkeys(late)).items()})  # type: ignore[arg-type]
    return ids


def _update(source: Import, people: Mapping[str, _Person], known: Mapping[str, Any]) -> int:
    if source.existing is Existing.KEEP:
        return 0
    changes = [
        change
        for key, row in known.items()
        if (change := _change(row, people[key], overwrites=source.existing is Existing.OVERWRITE))
    ]
    if changes:
        db.session.execute(update(Subscriber), changes)
    return len(changes)


def _change(row: Any, person: _Person, *, overwrites: bool) -> dict[str, Any] | None:
    details = {
        name: value if value and (overwrites or not getattr(row, name)) else getattr(row, name)
        for name, value in person.details.items()
    }
    fields = merged_fields(row.fields, person.fields) if overwrites else {**person.fields, **row.fields}
    if fields == row.fields and all(getattr(row, name) == value for name, value in details.items()):
        return None
    return {"id": row.id, "fields": fields, **details}


def _subscribe(plan: _Plan, subscriber_ids: Sequence[UUID]) -> tuple[int, int]:
    """Put people on the lists who were never on them; who left stays away."""
    if not plan.lists or not subscriber_ids:
        return 0, 0
    now = utcnow()
    rows = [
        {
            "id": uuid7(),
            "workspace_id": plan.source.workspace_id,
            "list_id": mailing_list.id,
            "subscriber_id": subscriber_id,
            "status": SubscriptionStatus.ACTIVE,
            "started_at": now,
        }
        for mailing_list in plan.lists
        for subscriber_id in subscriber_ids
    ]
    made = set(insert_missing(Subscription, rows, returning=Subscription.id))
    places = [(row["id"], row["list_id"], row["subscriber_id"]) for row in rows if row["id"] in made]
    signals.imported.send(plan.source, subscriptions=places, now=now)
    left_before = db.session.scalar(
        select(func.count(Subscription.subscriber_id.distinct())).where(
            Subscription.list_id.in_([mailing_list.id for mailing_list in plan.lists]),
            Subscription.subscriber_id.in_(subscriber_ids),
            Subscription.status == SubscriptionStatus.UNSUBSCRIBED,
        )
    )
    return len(places), left_before or 0


def _tag(source: Import, people: Mapping[str, _Person], ids: Mapping[str, UUID]) -> None:
    names = {key: [*source.tag_names, *person.tags] for key, person in people.items()}
    used = list(dict.fromkeys(name for several in names.values() for name in several))
    tags = {}
    for start in range(0, len(used), 50):
        for tag in tags_named(source.workspace_id, used[start : start + 50]):
            tags[tag.name.casefold()] = tag.id
    pairs = {(ids[key], tags[name.casefold()]) for key, several in names.items() for name in several}
    insert_missing(subscriber_tags, [{"subscriber_id": one, "tag_id": tag} for one, tag in sorted(pairs)])


def _refuse(source: Import, refusals: list[tuple[int, str, list[str]]]) -> None:
    insert_missing(
        ImportRefusal,
        [
            {
                "import_id": source.id,
                "row_number": number,
                "reason": reason[:500],
                "cells": [cell[:_LONGEST_KEPT_CELL] for cell in row],
            }
            for number, reason, row in refusals
        ],
    )


def _count(source: Import, **counts: int) -> None:
    db.session.execute(
        update(Import)
        .where(Import.id == source.id)
        .values({name: getattr(Import, name) + count for name, count in counts.items()})
        .execution_options(synchronize_session=False)
    )


def _finish(source: Import, status: ImportStatus, *, error: str = "") -> None:
    finished = db.session.scalar(
        update(Import)
        .where(Import.id == source.id, Import.status == ImportStatus.RUNNING)
        .values(status=status, error=error[:500], finished_at=utcnow())
        .returning(Import.id)
    )
    if finished is not None:
        # What was uploaded is people's data; nobody needs it twice.
        upload_path(source.stored_as).unlink(missing_ok=True)
