"""Writing down who enters a segment and who leaves it, for the segments of which somebody wants to know."""

import logging
from datetime import datetime
from uuid import UUID

from sqlalchemy import SelectBase, delete, exists, func, insert, literal, select

from mailer import signals
from mailer.audience.models import Subscriber
from mailer.columns import Id, UtcDateTime
from mailer.db import db
from mailer.errors import Invalid
from mailer.segments.enter_tags import tag_who_entered
from mailer.segments.members import people_in
from mailer.segments.models import Segment, SegmentChange, SegmentMember

log = logging.getLogger(__name__)


def follow(segment: Segment, *, now: datetime) -> None:
    """Follow a segment from now on; whoever is in it enters it now."""
    if segment.followed_at is None:
        segment.followed_at = now
        db.session.flush()
        look_again(segment, now=now)


def unfollow(segment: Segment) -> None:
    """Follow a segment no more, and forget who entered and left."""
    segment.followed_at = None
    for kept in (SegmentMember, SegmentChange):
        db.session.execute(delete(kept).where(kept.segment_id == segment.id))
    db.session.flush()


def followed_segments() -> list[UUID]:
    """Return the ids of the segments that are followed, in every workspace."""
    return list(db.session.scalars(select(Segment.id).where(Segment.followed_at.is_not(None))))


def look_again(segment: Segment, *, now: datetime) -> int:
    """Compare a followed segment with who was in it, and write down the difference.

    :return: how many entered or left
    """
    try:
        people = people_in(segment.workspace_id, segment.tree, now=now, inside=(segment.id,))
    except Invalid as problem:
        # Something that it asks about is gone; its page says so.
        log.info("The segment %s cannot be followed: %s", segment.public_id, problem.message)
        return 0
    inside = people.with_only_columns(Subscriber.id)
    is_member = exists().where(
        SegmentMember.segment_id == segment.id, SegmentMember.subscriber_id == Subscriber.id
    )
    members = select(SegmentMember.subscriber_id).where(SegmentMember.segment_id == segment.id)
    _write_down(segment, inside.where(~is_member), has_entered=True, at=now)
    _write_down(segment, members.except_(inside), has_entered=False, at=now)
    changed = _take_over(segment, at=now)
    if changed:
        tag_who_entered(segment, at=now)
        signals.segment_changed.send(segment, at=now)
    return changed


def _write_down(segment: Segment, people: SelectBase, *, has_entered: bool, at: datetime) -> None:
    found = people.subquery()
    (subscriber_id,) = found.c
    db.session.execute(
        insert(SegmentChange).from_select(
            ["segment_id", "at", "subscriber_id", "has_entered"],
            select(
                literal(segment.id, Id), literal(at, UtcDateTime), subscriber_id, literal(has_entered)
            ).select_from(found),
        )
    )


def _take_over(segment: Segment, *, at: datetime) -> int:
    """Make those who entered members, and those who left none; return how many they are."""
    seen = select(SegmentChange.subscriber_id).where(
        SegmentChange.segment_id == segment.id, SegmentChange.at == at
    )
    entered = seen.where(SegmentChange.has_entered.is_(True)).subquery()
    db.session.execute(
        insert(SegmentMember).from_select(
            ["segment_id", "subscriber_id"], select(literal(segment.id, Id), entered.c.subscriber_id)
        )
    )
    db.session.execute(
        delete(SegmentMember)
        .where(
            SegmentMember.segment_id == segment.id,
            SegmentMember.subscriber_id.in_(seen.where(SegmentChange.has_entered.is_(False))),
        )
        .execution_options(synchronize_session=False)
    )
    return db.session.scalar(select(func.count()).select_from(seen.subquery())) or 0
