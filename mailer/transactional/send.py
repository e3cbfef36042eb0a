"""Writing messages down for sending: content, log entry and one delivery for each address.

All of it is one transaction, whose commit is the promise that a program hears: from then
on the ledger sees to it that every address is tried until it has an outcome.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, select

from mailer import signals
from mailer.accounts.models import Workspace
from mailer.audience.models import Subscriber
from mailer.db import db
from mailer.delivery.compose import merge_values
from mailer.delivery.engine.enclosures import Enclosure
from mailer.delivery.models import Attachment, Delivery, Message, MessageKind, TrackingMode
from mailer.driver import Inserted, insert_at_commit, insert_rows
from mailer.errors import Invalid, MailerError
from mailer.jobs import DELIVER_TRANSACTIONAL, later
from mailer.lib.addresses import address_key
from mailer.lib.ids import uuid7
from mailer.lib.lines import clean_line
from mailer.rendering.merge import Rendered
from mailer.rendering.plain_text import text_part
from mailer.tracking.settings import tracking_of
from mailer.transactional.count_links import count_links
from mailer.transactional.fill_template import filler_of, values_for
from mailer.transactional.letter import Letter, Mailbox, check, check_words, wrong
from mailer.transactional.models import Source, TransactionalMessage, TransactionalTag
from mailer.transactional.queries import Known, default_sender, known_of, template_asked_for

#: How a reason reads in an answer.
_REASONS: Final = {
    "hard_bounce": "its server says that it does not exist",
    "complaint": "its owner reported mail of this stream as unwanted",
    "unsubscribed": "its owner wants no more mail of this stream",
    "manual": "somebody here closed this stream for it",
    "imported": "it was closed for this stream when it was imported",
}

_MESSAGES: Final = Inserted(
    Message,
    *("id", "created_at", "workspace_id", "kind", "from_name", "from_email", "subject", "html", "text"),
    *("links", "values", "stream", "is_literal", "is_tracked", "tracking", "mailboxes", "headers"),
    "attachment_count",
)
_ENTRIES: Final = Inserted(
    TransactionalMessage,
    *("id", "created_at", "workspace_id", "source", "stream", "to", "cc", "bcc"),
    *("template_id", "template_version", "scheduled_at"),
)
_TAGS: Final = Inserted(TransactionalTag, "message_id", "name", "workspace_id")
_ATTACHMENTS: Final = Inserted(
    Attachment,
    *("id", "created_at", "message_id", "name", "content_type", "content_id", "byte_count", "content"),
)
_DELIVERIES: Final = Inserted(
    Delivery,
    *("id", "created_at", "workspace_id", "message_id", "email", "next_try_at"),
    # Somebody who was erased since we looked is nobody's subscriber.
    made={
        "subscriber_id": select(Subscriber.id).where(Subscriber.id == bindparam("known_as")).scalar_subquery()
    },
)


class Suppressed(Invalid):
    """Nothing may be sent to an address; the message says why."""


@dataclass(frozen=True)
class Words:
    """What a letter says, and from which version of which template.

    :ivar text: None for what the HTML says: for twenty kilobytes of it, to find that out takes longer
        than all the rest of writing a message down, so that whoever sends it does
    :ivar links: where those lead whose clicks are counted
    """

    subject: str
    html: str
    text: str | None
    links: Sequence[str] = ()
    template_id: UUID | None = None
    template_version: int | None = None


def send(workspace: Workspace, letter: Letter, *, source: Source, now: datetime) -> UUID:
    """Write one message down for sending; return its id.

    :raises Invalid: it cannot be sent, with what is wrong
    :raises Suppressed: an address must not be mailed
    :raises Conflict: its template is not published
    """
    (made,) = send_all(workspace, [letter], source=source, now=now)
    if isinstance(made, MailerError):
        raise made
    return made


def send_all(
    workspace: Workspace, letters: Sequence[Letter], *, source: Source, now: datetime
) -> list[UUID | MailerError]:
    """Write down what can be sent; return for each letter its message's id, or what is wrong with it."""
    letters = _counted_as_allowed(workspace.id, letters)
    known = _known(workspace.id, letters)
    answers: list[UUID | MailerError] = []
    rows = _Rows(workspace.id, source=source, now=now)
    for letter in letters:
        try:
            check(letter, now=now)
            of_stream = known[letter.stream]
            _require_welcome(letter, of_stream)
            sender = _sender_of(workspace.id, letter)
            words = words_of(workspace, letter, of_stream)
        except MailerError as error:
            answers.append(error)
            continue
        answers.append(rows.add(letter, sender, words, of_stream))
    rows.insert()
    return answers


def words_of(workspace: Workspace, letter: Letter, known: Known) -> Words:
    """Return what a letter's message says: the program's own words, or a template filled in.

    :raises Invalid: they cannot be sent
    :raises Conflict: it is not published
    """
    if not letter.template:
        subject = clean_line(letter.subject, label="The subject", longest=998)
        if not letter.is_tracked:
            return Words(subject, letter.html, letter.text)
        return _words(Rendered(subject, letter.html, text_part(letter.text, letter.html)), letter)
    template, own_subject = template_asked_for(workspace.id, letter.template)
    subject = letter.subject or own_subject
    if not subject:
        raise wrong("subject", f"The template “{template.name}” has no subject of its own; send one along.")
    filler = filler_of(workspace, template, subject=subject, content=letter.html)
    filler.check(letter.variables)
    reader = letter.to[0]
    person = _person(known, reader)
    rendered = filler.fill(values_for(workspace, reader, letter.variables, person=person))
    if letter.text is not None:
        rendered = Rendered(rendered.subject, rendered.html, letter.text)
    for field, said in (("html", rendered.html), ("text", rendered.text), ("subject", rendered.subject)):
        check_words(field, said)
    return replace(_words(rendered, letter), template_id=template.id, template_version=template.version)


def _words(rendered: Rendered, letter: Letter) -> Words:
    if not letter.is_tracked:
        return Words(rendered.subject, rendered.html, rendered.text)
    frozen = count_links(rendered)
    return Words(frozen.subject, frozen.html, frozen.text, frozen.links)


def _person(known: Known, reader: Mailbox) -> Mapping[str, Any] | None:
    subscriber_id = known.subscribers.get(address_key(reader.email))
    if subscriber_id is None:
        return None
    return merge_values(db.session.get(Subscriber, subscriber_id), reader.email)


def _counted_as_allowed(workspace_id: UUID, letters: Sequence[Letter]) -> Sequence[Letter]:
    """Return the letters, without the counting of opens and clicks where the workspace counts no persons.

    What is counted of one message is of a person, so that it is counted fully or not at all.
    """
    wants = any(letter.is_tracked for letter in letters)
    if not wants or tracking_of(workspace_id).mode is TrackingMode.FULL:
        return letters
    return [replace(letter, is_tracked=False) for letter in letters]


def _known(workspace_id: UUID, letters: Sequence[Letter]) -> dict[str, Known]:
    """Return what is known of everybody who is written to, by stream."""
    emails: dict[str, list[str]] = {}
    for letter in letters:
        emails.setdefault(letter.stream, []).extend(each.email for each in letter.recipients)
    return {stream: known_of(workspace_id, stream, addresses) for stream, addresses in emails.items()}


def _require_welcome(letter: Letter, known: Known) -> None:
    for field, mailboxes in (("to", letter.to), ("cc", letter.cc), ("bcc", letter.bcc)):
        for each in mailboxes:
            reason = known.refusals.get(address_key(each.email))
            if reason is not None:
                sentence = f"{each.email} is suppressed: {_REASONS[reason]}."
                raise Suppressed(sentence, fields={field: sentence})


def _sender_of(workspace_id: UUID, letter: Letter) -> Mailbox:
    sender = letter.sender or default_sender(workspace_id)
    if sender is None:
        raise wrong("from", "Say whom it is from, or add a sender in the settings.")
    return sender


class _Rows:
    """The rows of some messages, gathered and written together."""

    def __init__(self, workspace_id: UUID, *, source: Source, now: datetime) -> None:
        self._workspace_id, self._source, self._now = workspace_id, source, now
        #: In the order in which they are written.
        self._of: dict[Inserted, list[dict[str, Any]]] = {
            kind: [] for kind in (_MESSAGES, _ENTRIES, _TAGS, _ATTACHMENTS, _DELIVERIES)
        }
        self._is_due = False
        self._later: list[UUID] = []

    def add(self, letter: Letter, sender: Mailbox, words: Words, known: Known) -> UUID:
        """Take the rows of one message; return its id."""
        message_id = uuid7()
        is_later = letter.scheduled_at is not None and letter.scheduled_at > self._now
        self._of[_MESSAGES].append(self._message(message_id, letter, sender, words))
        self._of[_ENTRIES].append(self._entry(message_id, letter, words, is_later=is_later))
        self._of[_TAGS] += [
            {"message_id": message_id, "name": tag, "workspace_id": self._workspace_id}
            for tag in dict.fromkeys(map(str.strip, letter.tags))
        ]
        self._of[_ATTACHMENTS] += [self._attachment(message_id, each) for each in letter.attachments]
        deliveries = [
            self._delivery(message_id, reader, known, at=letter.scheduled_at if is_later else None)
            for reader in letter.recipients
        ]
        self._of[_DELIVERIES] += deliveries
        if is_later:
            self._later += [each["id"] for each in deliveries]
        self._is_due |= not is_later
        return message_id

    def _message(self, message_id: UUID, letter: Letter, sender: Mailbox, words: Words) -> dict[str, Any]:
        return {
            "id": message_id,
            "created_at": self._now,
            "workspace_id": self._workspace_id,
            "kind": MessageKind.TRANSACTIONAL,
            "from_name": sender.name,
            "from_email": sender.email,
            "subject": words.subject,
            "html": words.html,
            "text": words.text,
            "links": words.links,
            "values": {},
            "stream": letter.stream,
            "is_literal": not letter.is_tracked,
            "is_tracked": letter.is_tracked,
            "tracking": TrackingMode.FULL if letter.is_tracked else TrackingMode.NONE,
            "mailboxes": _mailboxes(letter),
            "headers": [[name, value.strip()] for name, value in letter.headers.items()] or None,
            "attachment_count": len(letter.attachments),
        }

    def _entry(self, message_id: UUID, letter: Letter, words: Words, *, is_later: bool) -> dict[str, Any]:
        return {
            "id": message_id,
            "created_at": self._now,
            "workspace_id": self._workspace_id,
            "source": self._source,
            "stream": letter.stream,
            "to": [str(each) for each in letter.to],
            "cc": [str(each) for each in letter.cc],
            "bcc": [str(each) for each in letter.bcc],
            "template_id": words.template_id,
            "template_version": words.template_version,
            "scheduled_at": letter.scheduled_at if is_later else None,
        }

    def _attachment(self, message_id: UUID, enclosure: Enclosure) -> dict[str, Any]:
        return {
            "id": uuid7(),
            "created_at": self._now,
            "message_id": message_id,
            "name": enclosure.name,
            "content_type": enclosure.content_type,
            "content_id": enclosure.content_id,
            "byte_count": len(enclosure.content),
            "content": enclosure.content,
        }

    def _delivery(
        self, message_id: UUID, reader: Mailbox, known: Known, *, at: datetime | None
    ) -> dict[str, Any]:
        return {
            "id": uuid7(),
            "created_at": self._now,
            "workspace_id": self._workspace_id,
            "message_id": message_id,
            "known_as": known.subscribers.get(address_key(reader.email)),
            "email": reader.email,
            "next_try_at": at or self._now,
        }

    def insert(self) -> None:
        """Have everything written, and ring for what is due at once; the sweep rings for the rest."""
        if self._later:
            insert_rows(self._of)
            signals.messages_scheduled.send(self._workspace_id, deliveries=self._later)
        else:
            insert_at_commit(self._of)
        if self._is_due:
            later(DELIVER_TRANSACTIONAL)


def _mailboxes(letter: Letter) -> dict[str, Any] | None:
    """Return whom the head names; none where that is the one reader, without a name."""
    if len(letter.to) == 1 and not (letter.to[0].name or letter.cc or letter.bcc or letter.reply_to):
        return None
    named = {"to": letter.to, "cc": letter.cc, "reply_to": letter.reply_to}
    return {field: [list(each) for each in mailboxes] for field, mailboxes in named.items() if mailboxes}
