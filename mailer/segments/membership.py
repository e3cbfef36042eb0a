"""Who was in a segment at a time, as far as it is followed."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import exists, not_, select
from sqlalchemy.orm import aliased

from mailer.audience.models import Subscriber
from mailer.db import db
from mailer.errors import Invalid
from mailer.segments.asked import Clause
from mailer.segments.kinds.compare import end_of
from mailer.segments.models import Segment, SegmentChange


def was_in(segment: Segment, day: date) -> Clause:
    """Return an expression on ``Subscriber``: whether they were in a segment when a day ended.

    :raises Invalid: the segment was not followed then
    """
    moment = end_of(day)
    if segment.followed_at is None or segment.followed_at >= moment:
        raise Invalid(f"Who was in “{segment.name}” on {day} is not known: it was not followed then.")
    entered, left = aliased(SegmentChange), aliased(SegmentChange)
    has_left = exists().where(
        left.subscriber_id == entered.subscriber_id,
        left.segment_id == entered.segment_id,
        left.has_entered.is_(False),
        left.at > entered.at,
        left.at < moment,
    )
    return exists().where(
        entered.subscriber_id == Subscriber.id,
        entered.segment_id == segment.id,
        entered.has_entered.is_(True),
        entered.at < moment,
        not_(has_left),
    )


def latest_changes(segment: Segment, *, limit: int) -> Sequence[Any]:
    """Return who entered and left lately: rows of ``SegmentChange`` and ``Subscriber``, the newest first."""
    return db.session.execute(
        select(SegmentChange, Subscriber)
        .join(Subscriber, Subscriber.id == SegmentChange.subscriber_id)
        .where(SegmentChange.segment_id == segment.id)
        .order_by(SegmentChange.at.desc(), SegmentChange.subscriber_id)
        .limit(limit)
    ).all()
