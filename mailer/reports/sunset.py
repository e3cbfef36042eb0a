"""A segment of those who get mails and read none, to ask once whether they want to stay."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select

from mailer.db import db
from mailer.reports.snapshot import SUNSET, SUNSET_MAILS
from mailer.segments.models import Segment
from mailer.segments.save import create_segment

NAME: Final = f"Silent for {SUNSET.days} days"


def segment_of_silent(workspace_id: UUID, *, now: datetime, actor_id: UUID | None = None) -> Segment:
    """Return the segment of this name; it is made where there is none."""
    known = db.session.scalar(
        select(Segment).where(Segment.workspace_id == workspace_id, Segment.name == NAME)
    )
    if known is not None:
        return known
    lately = {"type": "did", "within_days": SUNSET.days}
    conditions = [
        {**lately, "deed": "received", "times": SUNSET_MAILS},
        *({**lately, "deed": deed, "count": "at_most", "times": 0} for deed in ("opened", "clicked")),
    ]
    tree = {"type": "group", "match": "all", "conditions": conditions}
    return create_segment(workspace_id, NAME, tree, now=now, actor_id=actor_id)
