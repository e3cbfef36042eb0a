"""What is asked of segments. The workspace comes first, so that none is forgotten."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, func, select

from mailer.db import db, owned
from mailer.segments.models import Segment


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
    return owned(Segment, workspace_id, public_id, otherwise="There is no such segment.")
