"""What came back from a subscriber."""

from typing import Final

from sqlalchemy import select

from mailer import signals
from mailer.audience.models import Subscriber
from mailer.audience.timeline import Event
from mailer.bounces.models import Return
from mailer.bounces.parsers.returned import Kind
from mailer.db import db

_WORDS: Final = {
    Kind.COMPLAINT: ("mail-x", "Complained about a mail of ours", "bad"),
    Kind.UNSUBSCRIBE: ("mail-off", "Asked by mail to be taken off", "warn"),
    Kind.REPLY: ("mail", "Replied", "accent"),
    Kind.AUTO_REPLY: ("mail", "A program answered for them", ""),
    Kind.CHALLENGE: ("mail-question", "Their mail guard asked who we are", "warn"),
}


@signals.timeline_wanted.connect
def return_events(subscriber: Subscriber, *, limit: int) -> list[Event]:
    """Return a subscriber's bounces, complaints and answers."""
    rows = db.session.scalars(
        select(Return)
        .where(Return.subscriber_id == subscriber.id, Return.workspace_id == subscriber.workspace_id)
        .where(Return.kind.in_([Kind.BOUNCE, *_WORDS]))
        .order_by(Return.id.desc())
        .limit(limit)
    )
    return [_event(row) for row in rows]


def _event(row: Return) -> Event:
    if row.kind is Kind.BOUNCE:
        words = "A mail came back for good" if row.is_hard else "A mail came back, perhaps not for good"
        return Event(
            row.created_at, "mail-x", words, "bad" if row.is_hard else "warn", detail=row.words[:200]
        )
    icon, words, kind = _WORDS[row.kind]
    return Event(row.created_at, icon, words, kind, detail=(row.subject or row.words)[:200])
