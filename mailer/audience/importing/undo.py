"""Taking an import back: whom it brought, what it changed, and whom it suppressed.

Whoever did something themselves since then, a click or a confirmation, stays, with their
place on the lists: what they did is theirs and no longer the file's.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, exists, false, or_, select, update

from mailer import signals
from mailer.audience.importing.look import DETAILS
from mailer.audience.models import (
    Import,
    ImportChange,
    ImportStatus,
    Subscriber,
    Subscription,
    subscriber_tags,
)
from mailer.audience.queries.subscribers import subscriber_by_external_id
from mailer.bulk import is_among
from mailer.db import db
from mailer.errors import Conflict
from mailer.jobs import UNDO_IMPORT, later
from mailer.lib.clock import utcnow

_AT_ONCE: Final = 5_000


def undo_import(source: Import, *, now: datetime) -> None:
    """Have an import taken back.

    :raises Conflict: it is too long ago, or not over
    """
    if not source.can_be_undone(now):
        raise Conflict("This import cannot be undone: it is not over, or ended more than 30 days ago.")
    source.status, source.touched_at, source.undone_count = ImportStatus.UNDOING, now, 0
    db.session.flush()
    later(UNDO_IMPORT, str(source.id))


def undo_chunks(import_id: UUID) -> Iterator[None]:
    """Take an import back, yielding after each chunk; the caller commits it."""
    source = db.session.get(Import, import_id)
    if source is None or source.status is not ImportStatus.UNDOING:
        return
    acted = acted_since(source)
    for step in (_erase, _leave, _restore):
        while count := step(source, acted):
            db.session.execute(
                update(Import)
                .where(Import.id == import_id)
                .values(undone_count=Import.undone_count + count, touched_at=utcnow())
                .execution_options(synchronize_session=False)
            )
            yield
    taken_back = sum(count for _, count in signals.import_undone.send(source))
    db.session.execute(
        update(Import)
        .where(Import.id == import_id, Import.status == ImportStatus.UNDOING)
        .values(status=ImportStatus.UNDONE, undone_count=Import.undone_count + taken_back)
        .execution_options(synchronize_session=False)
    )
    yield


def acted_since(source: Import) -> ColumnElement[bool]:
    """Ask of a subscriber whether they did something themselves since an import ran."""
    elsewhere = exists().where(
        Subscription.subscriber_id == Subscriber.id,
        or_(Subscription.import_id.is_(None), Subscription.import_id != source.id),
    )
    return or_(elsewhere, *_deeds(source))


def people_brought(source: Import) -> Select[Subscriber]:
    """Return the select of the subscribers whom an import brought and who are still here."""
    return select(Subscriber).where(
        Subscriber.workspace_id == source.workspace_id, Subscriber.import_id == source.id
    )


def _deeds(source: Import) -> list[ColumnElement[bool]]:
    return [condition for _, conditions in signals.deeds_wanted.send(source) for condition in conditions]


def _erase(source: Import, acted: ColumnElement[bool]) -> int:
    ids = db.session.scalars(
        select(Subscriber.id).where(Subscriber.import_id == source.id, ~acted).limit(_AT_ONCE)
    ).all()
    if ids:
        db.session.execute(
            delete(Subscriber)
            .where(is_among(Subscriber.id, ids))
            .execution_options(synchronize_session=False)
        )
    return len(ids)


def _leave(source: Import, acted: ColumnElement[bool]) -> int:
    """End the places that it gave to people who were here before."""
    ids = db.session.scalars(
        select(Subscription.id)
        .join(Subscriber, Subscriber.id == Subscription.subscriber_id)
        .where(
            Subscription.import_id == source.id,
            or_(Subscriber.import_id.is_(None), Subscriber.import_id != source.id),
            ~_acted_on_it(source),
        )
        .limit(_AT_ONCE)
    ).all()
    if ids:
        db.session.execute(
            delete(Subscription)
            .where(is_among(Subscription.id, ids))
            .execution_options(synchronize_session=False)
        )
    return len(ids)


def _acted_on_it(source: Import) -> ColumnElement[bool]:
    return or_(false(), *_deeds(source))


def _restore(source: Import, acted: ColumnElement[bool]) -> int:
    """Put back what it changed, wherever nobody has changed it again."""
    changes = db.session.scalars(
        select(ImportChange).where(ImportChange.import_id == source.id).limit(_AT_ONCE)
    ).all()
    people = {
        person.id: person
        for person in db.session.scalars(
            select(Subscriber).where(is_among(Subscriber.id, [row.subscriber_id for row in changes]))
        )
    }
    for row in changes:
        person = people.get(row.subscriber_id)
        if person is not None:
            _put_back(person, row.change)
        db.session.delete(row)
    db.session.flush()
    return len(changes)


def _put_back(person: Subscriber, change: dict[str, Any]) -> None:
    before, after = change.get("before", {}), change.get("after", {})
    for name in DETAILS:
        is_as_left = name in after and getattr(person, name) == after[name]
        if is_as_left and not _is_taken(person, name, before[name]):
            setattr(person, name, before[name])
    fields = dict(person.fields)
    for key, value in after.get("fields", {}).items():
        if fields.get(key) != value:
            continue
        fields.pop(key)
        if before["fields"].get(key) is not None:
            fields[key] = before["fields"][key]
    person.fields = fields
    tags = [UUID(tag) for tag in change.get("tags", [])]
    if tags:
        db.session.execute(
            delete(subscriber_tags).where(
                subscriber_tags.c.subscriber_id == person.id, subscriber_tags.c.tag_id.in_(tags)
            )
        )


def _is_taken(person: Subscriber, name: str, value: Any) -> bool:
    """Whether somebody else was given the external id that a subscriber had before."""
    if name != "external_id" or value is None:
        return False
    return subscriber_by_external_id(person.workspace_id, value) is not None
