"""Making, changing and deleting segments."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, true

from mailer.db import db
from mailer.errors import Conflict, Invalid
from mailer.lib.lines import clean_line
from mailer.patience import patiently
from mailer.segments import members, queries
from mailer.segments.conditions import InSegment, leaves, read_tree
from mailer.segments.models import Segment


def create_segment(
    workspace_id: UUID, name: str, conditions: Any, *, now: datetime, actor_id: UUID | None = None
) -> Segment:
    """Make a segment.

    :param conditions: a tree, as JSON
    :raises Invalid: the name is missing or taken, or a condition cannot be asked
    """
    segment = Segment(workspace_id=workspace_id, created_by_id=actor_id)
    update_segment(segment, name=name, conditions=conditions, now=now)
    return segment


def update_segment(segment: Segment, *, name: str, conditions: Any, now: datetime) -> None:
    """Change a segment, and count it.

    :raises Invalid: the name is missing or taken, or a condition cannot be asked
    """
    name = clean_line(name, label="The name", longest=120, is_required=True)
    _refuse_taken(segment, name)
    tree = read_tree(conditions)
    inside = (segment.id,) if segment.id else ()
    segment.last_count = members.count_of(segment.workspace_id, tree, now=now, inside=inside)
    segment.name, segment.counted_at = name, now
    segment.conditions = tree.model_dump(mode="json")
    db.session.add(segment)
    db.session.flush()


@patiently()
def delete_segment(segment: Segment) -> None:
    """Delete a segment.

    :raises Conflict: another segment asks about it
    """
    for other in db.session.scalars(queries.segments_of(segment.workspace_id)):
        asks = any(
            isinstance(leaf, InSegment) and leaf.segment == segment.public_id for leaf in leaves(other.tree)
        )
        if asks and other.id != segment.id:
            raise Conflict(f"The segment “{other.name}” asks about this one; change that first.")
    db.session.delete(segment)
    db.session.flush()


def _refuse_taken(segment: Segment, name: str) -> None:
    is_another = Segment.id != segment.id if segment.id else true()
    with db.session.no_autoflush:
        taken = db.session.scalar(
            select(Segment.id).where(
                Segment.workspace_id == segment.workspace_id,
                func.lower(Segment.name) == func.lower(name),
                is_another,
            )
        )
    if taken is not None:
        sentence = f"There is already a segment named “{name}”."
        raise Invalid(sentence, fields={"name": sentence})
