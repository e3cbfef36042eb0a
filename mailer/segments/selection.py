"""Whom a change or an export is about: ticked rows, a segment, or what a list is narrowed to."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, func, select

from mailer.audience.models import Subscriber, SubscriptionStatus, Tag
from mailer.audience.queries.lists import list_by_id
from mailer.audience.queries.narrowed import SubscriberFilter, order_of, select_subscribers
from mailer.bulk import is_among
from mailer.db import db, make_room, owned
from mailer.errors import Invalid
from mailer.lib.choices import choice_of
from mailer.lib.ids import parse_id
from mailer.segments.members import people_in
from mailer.segments.queries import segment_by_id

MOST_TICKED: Final = 1_000


@dataclass(frozen=True)
class Selection:
    """Whom it is about, by public ids. Ticked rows win over a segment, and that over a filter."""

    ids: Sequence[str] = ()
    segment: str = ""
    q: str = ""
    list: str = ""
    status: str = ""
    tag: str = ""

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Selection":
        """Read a selection as it is kept."""
        return cls(**given)

    def as_dict(self) -> dict[str, Any]:
        """Return what it says, to be kept or asked for again."""
        return {name: value for name, value in asdict(self).items() if value}

    def people(self, workspace_id: UUID, *, now: datetime) -> tuple[Select[Subscriber], Any]:
        """Return the select of the people, not yet ordered, and the column of their ids in it.

        :raises Invalid: too many rows are ticked, or there is no such status
        :raises NotFound: the segment, the list or the tag is gone
        """
        if len(self.ids) > MOST_TICKED:
            raise Invalid(f"Tick {MOST_TICKED:,} rows at most, or take all that a search finds.")
        if self.ids:
            ids = [one for public_id in self.ids if (one := parse_id(Subscriber.prefix, public_id))]
            ticked = select(Subscriber).where(
                Subscriber.workspace_id == workspace_id, is_among(Subscriber.id, ids)
            )
            return ticked, Subscriber.id
        if self.segment:
            segment = segment_by_id(workspace_id, self.segment)
            return people_in(workspace_id, segment.tree, now=now, inside=(segment.id,)), Subscriber.id
        by = self._filter(workspace_id)
        return select_subscribers(workspace_id, by), order_of(by)

    def count(self, workspace_id: UUID, *, now: datetime) -> int:
        """Return how many people it is about."""
        people, _ = self.people(workspace_id, now=now)
        make_room()
        return db.session.scalar(people.with_only_columns(func.count())) or 0

    def words(self, workspace_id: UUID) -> str:
        """Say whom it is about."""
        if self.ids:
            return "the ones that were ticked"
        if self.segment:
            return f"everybody in the segment “{segment_by_id(workspace_id, self.segment).name}”"
        parts = []
        if self.q:
            parts.append(f"found by “{self.q}”")
        if self.list:
            name = list_by_id(workspace_id, self.list).name
            parts.append(f"{self.status or 'with a place'} on “{name}”")
        elif self.status:
            parts.append(f"{self.status} on some list")
        if self.tag:
            parts.append(f"tagged “{_tag(workspace_id, self.tag).name}”")
        return "everybody " + ", ".join(parts) if parts else "everybody"

    def _filter(self, workspace_id: UUID) -> SubscriberFilter:
        return SubscriberFilter(
            search=self.q,
            list_id=list_by_id(workspace_id, self.list).id if self.list else None,
            status=choice_of(SubscriptionStatus, self.status, label="The status"),
            tag_id=_tag(workspace_id, self.tag).id if self.tag else None,
        )


def _tag(workspace_id: UUID, public_id: str) -> Tag:
    return owned(Tag, workspace_id, public_id, otherwise="There is no such tag.")
