"""Notes about subscribers, for programs such as a help desk."""

from typing import Literal

from flask import g
from pydantic import AwareDatetime, Field

from mailer.api.idempotency import idempotent
from mailer.api.schemas import Given, Lines, Shown
from mailer.audience.api.frame import bp
from mailer.audience.models import Note, Subscriber
from mailer.audience.notes import LONGEST, add_note, delete_note, notes_on
from mailer.audience.queries.subscribers import subscriber_by_id
from mailer.db import db


class NoteShown(Shown):
    """A note about a subscriber, who gets it with everything else that they ask for."""

    object: Literal["note"] = "note"
    id: str
    text: str
    author: str | None = Field(description="Who wrote it; none where a program did without a person.")
    created_at: AwareDatetime


class NotesShown(Shown):
    """All notes about a subscriber, newest first."""

    object: Literal["list"] = "list"
    data: list[NoteShown]


class NewNote(Given):
    """A note to be written."""

    text: Lines = Field(min_length=1, max_length=LONGEST, examples=["Likes rye, not spelt."])


@bp.get("/subscribers/<subscriber_id>/notes", endpoint="index_subscriber_notes")
@bp.output(NotesShown)
def index_notes(subscriber_id: str) -> NotesShown:
    """Read the notes about a subscriber, newest first."""
    return NotesShown(data=[_shown(note) for note in notes_on(_subscriber(subscriber_id))])


@bp.post("/subscribers/<subscriber_id>/notes", endpoint="add_subscriber_note")
@idempotent
@bp.input(NewNote)
@bp.output(NoteShown, status_code=201)
def post_note(subscriber_id: str, json_data: NewNote) -> NoteShown:
    """Write a note about a subscriber, for colleagues."""
    return _shown(add_note(_subscriber(subscriber_id), json_data.text, author_id=g.api_key.created_by_id))


@bp.delete("/subscribers/<subscriber_id>/notes/<note_id>", endpoint="delete_subscriber_note")
@bp.output({}, status_code=204)
def remove_note(subscriber_id: str, note_id: str) -> str:
    """Delete a note about a subscriber."""
    delete_note(_subscriber(subscriber_id), note_id)
    db.session.commit()
    return ""


def _subscriber(subscriber_id: str) -> Subscriber:
    return subscriber_by_id(g.workspace.id, subscriber_id)


def _shown(note: Note) -> NoteShown:
    return NoteShown.of(note, author=note.author.name or note.author.email if note.author else None)
