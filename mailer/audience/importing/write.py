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
from uuid_utils.compat import uuid7

from mailer import signals
from mailer.audience.importing.look import Change, Known, look
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
from mailer.db import Id, db

_AS_JSON: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_TRIES: Final = 5
_LONGEST_KEPT_CELL: Final = 300
_SUBSCRIBER: Final = (
    *("id", "created_at", "updated_at", "workspace_id", "email", "email_key"),
    *("name", "locale", "time_zone", "fields", "import_id"),
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
        self._ids: dict[str, UUID] = {key: row.id for key, row in known.people.items()}

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
            departures=[
                (key, person.departure, person.since) for key, person in sorted(self._batch.departed.items())
            ],
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
        bulk, at = self._bulk, self._at
        rows = []
        for key, person in self._people:
            if key in self._ids:
                continue
            self._ids[key] = identifier = uuid7()
            rows.append(
                (
                    *(bulk.id(identifier), at, at, self._workspace_id, bulk.text(person.email)),
                    *(bulk.text(key), bulk.text(person.name), person.locale, person.time_zone),
                    *(bulk.text(_json(person.fields)), self._import_id),
                )
            )
        bulk.copy_in(Subscriber.__table__, _SUBSCRIBER, rows)  # type: ignore[arg-type]
        return len(rows)

    def _change(self, changes: list[Change]) -> None:
        if not changes:
            return
        rows = [change.row for change in changes]
        if not self._bulk.is_postgresql:
            db.session.execute(update(Subscriber), [{**row, "updated_at": self._now} for row in rows])
            return
        names = ("name", "locale", "time_zone")
        given = (
            func.unnest(
                bindparam(None, [row["id"] for row in rows], type_=ARRAY(Id())),
                *(bindparam(None, [row[name] for row in rows], type_=ARRAY(Text())) for name in names),
                bindparam(None, [_json(row["fields"]) for row in rows], type_=ARRAY(Text())),
            )
            .table_valued("id", *names, "fields")
            .render_derived()
        )
        db.session.execute(
            update(Subscriber)
            .where(Subscriber.id == given.c.id)
            .values(
                **{name: given.c[name] for name in names},
                fields=given.c.fields.cast(JSONB),
                updated_at=self._now,
            )
            .execution_options(synchronize_session=False)
        )

    def _subscribe(self) -> list[tuple[Any, Any]]:
        """Put people on the lists who were never on them; who left stays away."""
        bulk, at, active = self._bulk, self._at, SubscriptionStatus.ACTIVE.value
        places, rows = [], []
        for list_id in self._plan.list_ids:
            stored_list = bulk.id(list_id)
            for key, person in self._people:
                subscriber_id = self._ids[key]
                if (list_id, subscriber_id) in self._known.places:
                    continue
                stored = bulk.id(subscriber_id)
                since = bulk.moment(person.since) if person.since else at
                places.append((stored_list, stored))
                rows.append(
                    (
                        bulk.new_id(),
                        at,
                        self._workspace_id,
                        stored_list,
                        stored,
                        active,
                        since,
                        self._import_id,
                    )
                )
        bulk.copy_in(Subscription.__table__, _SUBSCRIPTION, rows)  # type: ignore[arg-type]
        return places

    def _tag(self) -> dict[UUID, list[UUID]]:
        """Put tags on people; return the new ones of each who was here."""
        plan, bulk = self._plan, self._bulk
        by_hand = plan.tags(plan.tag_names)
        here = {row.id for row in self._known.people.values()}
        new: dict[UUID, list[UUID]] = {}
        pairs = []
        for key, person in self._people:
            tags = by_hand if not person.tags else list(dict.fromkeys([*by_hand, *plan.tags(person.tags)]))
            subscriber_id = self._ids[key]
            for tag in tags:
                if (subscriber_id, tag) in self._known.tagged:
                    continue
                pairs.append((bulk.id(subscriber_id), bulk.id(tag)))
                if subscriber_id in here:
                    new.setdefault(subscriber_id, []).append(tag)
        bulk.copy_in(subscriber_tags, ("subscriber_id", "tag_id"), pairs)
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
            ImportChange.__table__,  # type: ignore[arg-type]
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
            ImportRefusal.__table__,  # type: ignore[arg-type]
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
