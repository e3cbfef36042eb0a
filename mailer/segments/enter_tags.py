"""Tags by rule: whoever enters a segment gets them, and keeps them when they leave it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, exists, func, insert, select

from mailer.audience.models import Tag, subscriber_tags
from mailer.audience.tags import tags_named
from mailer.db import db
from mailer.segments.models import EnterTag, Segment, SegmentChange


def enter_tags(segment: Segment) -> Sequence[Tag]:
    """Return the tags that whoever enters a segment gets, by name."""
    return db.session.scalars(
        select(Tag)
        .join(EnterTag, EnterTag.tag_id == Tag.id)
        .where(EnterTag.segment_id == segment.id)
        .order_by(func.lower(Tag.name))
    ).all()


def enter_tag_names(segments: Iterable[UUID]) -> dict[UUID, list[str]]:
    """Return the names of those tags for several segments, each in order."""
    rows = db.session.execute(
        select(EnterTag.segment_id, Tag.name)
        .join(Tag, Tag.id == EnterTag.tag_id)
        .where(EnterTag.segment_id.in_(list(segments)))
        .order_by(func.lower(Tag.name))
    )
    names: dict[UUID, list[str]] = {}
    for segment_id, name in rows:
        names.setdefault(segment_id, []).append(name)
    return names


def set_enter_tags(segment: Segment, names: Iterable[str]) -> None:
    """Have whoever enters a segment from now on get exactly these tags.

    :raises Invalid: a name cannot be a tag
    """
    tags = tags_named(segment.workspace_id, names)
    db.session.execute(delete(EnterTag).where(EnterTag.segment_id == segment.id))
    db.session.add_all(EnterTag(segment_id=segment.id, tag_id=tag.id) for tag in tags)
    db.session.flush()


def tag_who_entered(segment: Segment, *, at: datetime) -> None:
    """Tag those who were seen to enter at a moment, in one statement."""
    has_already = exists().where(
        subscriber_tags.c.subscriber_id == SegmentChange.subscriber_id,
        subscriber_tags.c.tag_id == EnterTag.tag_id,
    )
    missing = (
        select(SegmentChange.subscriber_id, EnterTag.tag_id)
        .join(EnterTag, EnterTag.segment_id == SegmentChange.segment_id)
        .where(
            SegmentChange.segment_id == segment.id,
            SegmentChange.at == at,
            SegmentChange.has_entered.is_(True),
            ~has_already,
        )
    )
    db.session.execute(insert(subscriber_tags).from_select(["subscriber_id", "tag_id"], missing))
