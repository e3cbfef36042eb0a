"""Followed segments."""

from mailer.db import db
from mailer.jobs import FOLLOW_SEGMENTS
from mailer.lib.clock import utcnow
from mailer.segments import follow
from mailer.segments.models import Segment
from workers import MINUTE, actor


@actor(FOLLOW_SEGMENTS, time_limit=30 * MINUTE)
def follow_segments() -> None:
    """Write down who entered and who left, a segment at a time."""
    for segment_id in follow.followed_segments():
        segment = db.session.get(Segment, segment_id, with_for_update={"skip_locked": True})
        if segment is not None and segment.followed_at is not None:
            follow.look_again(segment, now=utcnow())
        db.session.commit()
