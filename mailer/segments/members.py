"""Who meets a tree of conditions: as a select, counted, and asked of one person."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, select

from mailer.audience.models import Subscriber
from mailer.db import db, make_room
from mailer.segments.asked import Asked
from mailer.segments.conditions import Condition, Group
from mailer.segments.to_sql import clause_of


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
    make_room()
    return db.session.scalar(people.with_only_columns(func.count())) or 0


def verdicts(subscriber: Subscriber, conditions: Sequence[Condition], *, now: datetime) -> list[bool]:
    """Return of each condition whether one person meets it."""
    if not conditions:
        return []
    asked = Asked.of(subscriber.workspace_id, now=now)
    clauses = [func.coalesce(clause_of(condition, asked), False) for condition in conditions]
    row = db.session.execute(select(*clauses).where(Subscriber.id == subscriber.id)).one()
    return [bool(value) for value in row]
