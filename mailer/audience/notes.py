"""Notes about subscribers, for colleagues."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from mailer.audience.models import Note, Subscriber
from mailer.db import db, owned
from mailer.errors import Invalid

LONGEST = 2_000


def add_note(subscriber: Subscriber, text: str, *, author_id: UUID | None) -> Note:
    """Write a note about a subscriber, who gets it with everything else that they ask for (GDPR 15).

    :raises Invalid: it is empty or too long
    """
    text = text.replace("\r\n", "\n").replace("\0", "").strip()
    if not text or len(text) > LONGEST:
        sentence = f"Write a note of {LONGEST:,} characters at most."
        raise Invalid(sentence, fields={"text": sentence})
    note = Note(
        workspace_id=subscriber.workspace_id, subscriber_id=subscriber.id, text=text, author_id=author_id
    )
    db.session.add(note)
    db.session.flush()
    return note


def notes_on(subscriber: Subscriber) -> Sequence[Note]:
    """Return the notes about a subscriber, the newest first."""
    return db.session.scalars(
        select(Note)
        .where(Note.subscriber_id == subscriber.id)
        .options(joinedload(Note.author))
        .order_by(Note.id.desc())
    ).all()


def delete_note(subscriber: Subscriber, public_id: str) -> None:
    """Delete one of the notes about a subscriber.

    :raises NotFound: there is none with this id
    """
    is_about_them = Note.subscriber_id == subscriber.id
    missing = "There is no such note."
    db.session.delete(owned(Note, subscriber.workspace_id, public_id, is_about_them, otherwise=missing))
    db.session.flush()
