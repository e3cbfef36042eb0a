"""Writing a chunk: who is new is copied in, who is known is changed, all in bulk.

First everything is looked up, then what is missing is copied in as it is. Whatever
somebody else made between the two breaks a constraint, and the chunk is looked up again:
that costs nothing as long as nobody does, while asking the database to skip what is there
costs every row.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ARRAY, Text, bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import IntegrityError

from mailer import signals
from mailer.audience.fields import known_values
from mailer.audience.importing.look import DETAILS, Change, Known, look
from mailer.audience.importing.plan import Batch, Plan
from mailer.audience.models import (
    ImportChange,
    ImportRefusal,
    Subscriber,
    Subscription,
    SubscriptionStatus,
    subscriber_tags,
)
from mailer.bulk import AlreadyThere, Bulk, is_among
from mailer.columns import Id
from mailer.db import db

_AS_JSON: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_TRIES: Final = 5
_LONGEST_KEPT_CELL: Final = 300
_SUBSCRIBER: Final = (
    *("id", "created_at", "updated_at", "workspace_id", "email", "email_key"),
    *(*DETAILS, "fields", "import_id"),
)
_SUBSCRIPTION: Final = (
    *("id", "created_at", "workspace_id", "list_id", "subscriber_id", "status", "started_at", "import_id"),
)


@dataclass(frozen=True)
class Tally:
    """What became of a chunk's rows."""

    added: int
    updated: int
    unchanged: int
    refused: int
    departed: int
    subscribed: int
    left_before: int


def write(plan: Plan, batch: Batch, *, now: datetime) -> Tally:
    """Write a chunk.

    :raises AlreadyThere: others write the same people faster than we can look
    """
    if db.session.get_bind().dialect.name == "sqlite":
        # Its one writer is us, so that nobody comes between. And a savepoint keeps the pages of every
        # statement within it: 10,000 rows took 25 s instead of one.
        return _Chunk(plan, batch, look(plan, batch), now).write()
    for left in reversed(range(_TRIES)):
        try:
            with db.session.begin_nested():
                return _Chunk(plan, batch, look(plan, batch), now).write()
        except AlreadyThere:
            if not left:
                raise
    raise AssertionError


class _Chunk:
    """One chunk on its way into the tables."""

    def __init__(self, plan: Plan, batch: Batch, known: Known, now: datetime) -> None:
        self._plan, self._batch, self._known, self._now = plan, batch, known, now
        self._bulk = Bulk()
        self._import_id = self._bulk.id(plan.import_id)
        self._workspace_id = self._bulk.id(plan.workspace_id)
        self._at = self._bulk.moment(now)
        #: In the order of the key, so that two imports never wait for each other in a circle.
        self._people = sorted(batch.people.items())
        #: By email key, in stored form.
        self._ids: dict[str, Any] = {key: self._bulk.id(row.id) for key, row in known.people.items()}

    def write(self) -> Tally:
        added = self._add()
        self._change(self._known.changes)
        places = self._subscribe()
        new_tags = self._tag()
        self._remember(new_tags)
        self._refuse()
        signals.imported.send(
            self._plan,
            bulk=self._bulk,
            now=self._now,
            places=places,
            departed=[person for _key, person in sorted(self._batch.departed.items())],
        )
        changed = {change.subscriber_id for change in self._known.changes}
        return Tally(
            added=added,
            updated=len(changed),
            unchanged=len(self._people) - added - len(changed) + self._batch.repeated,
            refused=len(self._batch.refusals),
            departed=len(self._batch.departed),
            subscribed=len(places),
            left_before=self._known.left_before,
        )

    def _add(self) -> int:
        bulk, at, text = self._bulk, self._at, self._bulk.text
        defaults = self._plan.defaults
        missing = [(key, person) for key, person in self._people if key not in self._ids]
        rows = []
        for identifier, (key, person) in zip(bulk.new_ids(len(missing)), missing, strict=True):
            self._ids[key] = identifier
            fields = {**defaults, **known_values(person.fields)} if defaults else person.fields
            rows.append(
                (
                    *(identifier, at, at, self._workspace_id, text(person.email), text(key)),
                    *(text(person.name), person.locale, person.time_zone),
                    text(person.external_id) if person.external_id else bulk.null,
                    *(text(_json(fields)) if fields else "{}", self._import_id),
                )
            )
        bulk.copy_in(Subscriber.__tablename__, _SUBSCRIBER, rows)
        return len(rows)

    def _change(self, changes: list[Change]) -> None:
        if not changes:
            return
        rows = [change.row for change in changes]
        if not self._bulk.is_postgresql:
            db.session.execute(update(Subscriber), [{**row, "updated_at": self._now} for row in rows])
            return
        given = (
            func.unnest(
                bindparam(None, [row["id"] for row in rows], type_=ARRAY(Id())),
                *(bindparam(None, [row[name] for row in rows], type_=ARRAY(Text())) for name in DETAILS),
                bindparam(None, [_json(row["fields"]) for row in rows], type_=ARRAY(Text())),
            )
            .table_valued("id", *DETAILS, "fields")
            .render_derived()
        )
        try:
            db.session.execute(
                update(Subscriber)
                .where(Subscriber.id == given.c.id)
                .values(
                    **{name: given.c[name] for name in DETAILS},
                    fields=given.c.fields.cast(JSONB),
                    updated_at=self._now,
                )
                .execution_options(synchronize_session=False)
            )
        except IntegrityError as error:
            raise AlreadyThere(str(error)) from error

    def _subscribe(self) -> list[tuple[Any, Any]]:
        """Put people on the lists who were never on them; who left stays away."""
        bulk, at, active = self._bulk, self._at, SubscriptionStatus.ACTIVE.value
        known = self._known
        places, rows = [], []
        for list_id in self._plan.list_ids:
            stored_list = bulk.id(list_id)
            ids = bulk.new_ids(len(self._people))
            for identifier, (key, person) in zip(ids, self._people, strict=True):
                here = known.people.get(key)
                if here is not None and (list_id, here.id) in known.places:
                    continue
                subscriber_id = self._ids[key]
                since = bulk.moment(person.since) if person.since else at
                places.append((stored_list, subscriber_id))
                rows.append(
                    (
                        *(identifier, at, self._workspace_id, stored_list, subscriber_id),
                        *(active, since, self._import_id),
                    )
                )
        bulk.copy_in(Subscription.__tablename__, _SUBSCRIPTION, rows)
        return places

    def _tag(self) -> dict[UUID, list[UUID]]:
        """Put tags on people; return the new ones of each who was here."""
        plan, bulk, known = self._plan, self._bulk, self._known
        by_hand = plan.tags(plan.tag_names)
        new: dict[UUID, list[UUID]] = {}
        pairs = []
        for key, person in self._people:
            if not (by_hand or person.tags):
                continue
            tags = by_hand if not person.tags else list(dict.fromkeys([*by_hand, *plan.tags(person.tags)]))
            here = known.people.get(key)
            for tag in tags:
                if here is not None and (here.id, tag) in known.tagged:
                    continue
                pairs.append((self._ids[key], bulk.id(tag)))
                if here is not None:
                    new.setdefault(here.id, []).append(tag)
        bulk.copy_in(subscriber_tags.name, ("subscriber_id", "tag_id"), pairs)
        return new

    def _remember(self, new_tags: Mapping[UUID, list[UUID]]) -> None:
        """Keep what undoing puts back; whom this import brought, it takes away whole."""
        brought = {row.id for row in self._known.people.values() if row.import_id == self._plan.import_id}
        changes: dict[UUID, dict[str, Any]] = {
            change.subscriber_id: {"before": change.before, "after": change.after}
            for change in self._known.changes
            if change.subscriber_id not in brought
        }
        for subscriber_id, tags in new_tags.items():
            if subscriber_id not in brought:
                changes.setdefault(subscriber_id, {})["tags"] = [tag.hex for tag in tags]
        if not changes:
            return
        self._join_with_earlier(changes)
        self._bulk.copy_in(
            ImportChange.__tablename__,
            ("import_id", "subscriber_id", "change"),
            [
                (self._import_id, self._bulk.id(subscriber_id), self._bulk.text(_json(change)))
                for subscriber_id, change in sorted(changes.items())
            ],
        )

    def _join_with_earlier(self, changes: dict[UUID, dict[str, Any]]) -> None:
        is_ours = (
            ImportChange.import_id == self._plan.import_id,
            is_among(ImportChange.subscriber_id, list(changes)),
        )
        earlier = db.session.execute(
            select(ImportChange.subscriber_id, ImportChange.change).where(*is_ours)
        ).all()
        if not earlier:
            return
        db.session.execute(delete(ImportChange).where(*is_ours).execution_options(synchronize_session=False))
        for subscriber_id, change in earlier:
            changes[subscriber_id] = _joined(change, changes[subscriber_id])

    def _refuse(self) -> None:
        bulk = self._bulk
        bulk.copy_in(
            ImportRefusal.__tablename__,
            ("import_id", "row_number", "kind", "reason", "cells"),
            [
                (
                    *(self._import_id, str(refusal.number), refusal.kind, bulk.text(refusal.reason[:500])),
                    bulk.text(_json([cell[:_LONGEST_KEPT_CELL] for cell in refusal.cells])),
                )
                for refusal in self._batch.refusals
            ],
        )


def _joined(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Return two changes as one: what there was before the first, and is after the second."""

    def over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
        fields = {**below.get("fields", {}), **above.get("fields", {})}
        return {**below, **above, **({"fields": fields} if fields else {})}

    return {
        "before": over(second.get("before", {}), first.get("before", {})),
        "after": over(first.get("after", {}), second.get("after", {})),
        "tags": [*first.get("tags", []), *second.get("tags", [])],
    }


def _json(value: Any) -> str:
    return _AS_JSON(value) if value else ("[]" if isinstance(value, list) else "{}")
