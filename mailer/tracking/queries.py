"""What tracking reads."""

from uuid import UUID

from sqlalchemy import select

from mailer.db import begin_reading, db
from mailer.delivery.models import Message


def links_of(message_id: UUID) -> list[str] | None:
    """Return where a message's numbered links lead, or None when there is no such message."""
    begin_reading()
    return db.session.scalar(select(Message.links).where(Message.id == message_id))
