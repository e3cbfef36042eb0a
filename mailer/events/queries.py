"""What is asked of custom events. The workspace comes first, so that none is forgotten."""

from typing import Final
from uuid import UUID

from sqlalchemy import Select, func, select

from mailer.db import db, owned
from mailer.events.models import CustomEvent

_MOST_NAMES: Final = 200


def events_of(
    workspace_id: UUID, *, name: str = "", subscriber_id: UUID | None = None
) -> Select[CustomEvent]:
    """Return the select of a workspace's events, narrowed and not yet ordered."""
    query = select(CustomEvent).where(CustomEvent.workspace_id == workspace_id)
    if name:
        query = query.where(CustomEvent.name == name)
    if subscriber_id is not None:
        query = query.where(CustomEvent.subscriber_id == subscriber_id)
    return query


def event_by_id(workspace_id: UUID, public_id: str) -> CustomEvent:
    """Return one of the workspace's events.

    :raises NotFound: there is none with this id
    """
    return owned(CustomEvent, workspace_id, public_id, otherwise="There is no such event.")


def event_names(workspace_id: UUID) -> list[str]:
    """Return the names that a workspace's events have, in order.

    Leaps from name to name in the index: DISTINCT would read millions of entries for ten.
    """
    first = select(func.min(CustomEvent.name).label("name")).where(CustomEvent.workspace_id == workspace_id)
    names = first.cte("names", recursive=True)
    following = (
        select(func.min(CustomEvent.name))
        .where(CustomEvent.workspace_id == workspace_id, CustomEvent.name > names.c.name)
        .scalar_subquery()
    )
    names = names.union_all(select(following).where(names.c.name.is_not(None)))
    found = select(names.c.name).where(names.c.name.is_not(None)).limit(_MOST_NAMES)
    return sorted(db.session.scalars(found))
