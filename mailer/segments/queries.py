"""What is asked of segments. The workspace comes first, so that none is forgotten."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, select

from mailer.audience.models import Subscriber
from mailer.db import db
from mailer.errors import NotFound
from mailer.lib.ids import parse_id
from mailer.segments.conditions import Condition, Group
from mailer.segments.models import Segment
from mailer.segments.to_sql import Asked, clause_of


def segments_of(workspace_id: UUID) -> Select[Segment]:
    """Return the select of a workspace's segments, not yet ordered."""
    return select(Segment).where(Segment.workspace_id == workspace_id)


def segments_by_name(workspace_id: UUID) -> Sequence[Segment]:
    """Return a workspace's segments, by name."""
    return db.session.scalars(segments_of(workspace_id).order_by(func.lower(Segment.name))).all()


def segment_by_id(workspace_id: UUID, public_id: str) -> Segment:
    """Return one of the workspace's segments.

    :raises NotFound: there is none with this id
    """
    found = db.session.scalar(
        segments_of(workspace_id).where(Segment.id == parse_id(Segment.prefix, public_id))
    )
    if found is None:
        raise NotFound("There is no such segment.")
    return found


def people_in(
    workspace_id: UUID, tree: Group, *, now: datetime, inside: tuple[UUID, ...] = ()
) -> Select[Subscriber]:
    """Return the select of the subscribers who meet a tree of conditions, not yet ordered.

    :param inside: the segment whose tree it is, which it may not hold again
    :raises Invalid: a condition cannot be asked
    """
    asked = Asked.of(workspace_id, now=now, inside=inside)
    return select(Subscriber).where(Subscriber.workspace_id == workspace_id, clause_of(tree, asked))


def count_of(workspace_id: UUID, tree: Group, *, now: datetime, inside: tuple[UUID, ...] = ()) -> int:
    """Return how many subscribers meet a tree of conditions."""
    people = people_in(workspace_id, tree, now=now, inside=inside)
    return db.session.scalar(people.with_only_columns(func.count())) or 0


def verdicts(subscriber: Subscriber, conditions: Sequence[Condition], *, now: datetime) -> list[bool]:
    """Return of each condition whether one person meets it."""
    if not conditions:
        return []
    asked = Asked.of(subscriber.workspace_id, now=now)
    clauses = [func.coalesce(clause_of(condition, asked), False) for condition in conditions]
    row = db.session.execute(select(*clauses).where(Subscriber.id == subscriber.id)).one()
    return [bool(value) for value in row]
