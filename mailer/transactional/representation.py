"""How transactional messages look to programs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from mailer.delivery.models import Delivery
from mailer.lib.ids import public_id
from mailer.transactional.events import Event
from mailer.transactional.letter import Mailbox
from mailer.transactional.models import TransactionalMessage
from mailer.transactional.queries import deliveries_of
from mailer.transactional.schemas import (
    AttachmentShown,
    EmailShown,
    EventShown,
    RecipientShown,
    WholeEmail,
)
from mailer.transactional.standing import Status, statuses_of, worst


def shown_messages(messages: Sequence[TransactionalMessage], *, now: datetime) -> list[EmailShown]:
    """Return entries of the log."""
    deliveries = deliveries_of(each.id for each in messages)
    statuses = statuses_of([one for each in deliveries.values() for one in each], now=now)
    return [EmailShown(**_fields(each, deliveries[each.id], statuses)) for each in messages]


def shown_whole(message: TransactionalMessage, *, now: datetime) -> WholeEmail:
    """Return one message with its words."""
    deliveries = deliveries_of([message.id])[message.id]
    content = message.message
    named = (content.mailboxes or {}).get("reply_to", [])
    return WholeEmail(
        **_fields(message, deliveries, statuses_of(deliveries, now=now)),
        html=content.html,
        text=content.in_words,
        reply_to=[str(Mailbox(*each)) for each in named],
        headers=dict(content.headers or []),
        attachments=[
            AttachmentShown(
                filename=each.name,
                content_type=each.content_type,
                content_id=each.content_id,
                size=each.byte_count,
            )
            for each in content.attachments
        ],
        redacted_at=message.redacted_at,
    )


def shown_events(events: Sequence[Event]) -> list[EventShown]:
    """Return what happened."""
    return [
        EventShown(
            type=each.type,
            created_at=each.at,
            email=each.email,
            detail=each.detail,
            code=each.code,
            attempt=each.attempt,
        )
        for each in events
    ]


def _fields(
    message: TransactionalMessage, deliveries: Sequence[Delivery], statuses: Mapping[UUID, Status]
) -> dict[str, Any]:
    content = message.message
    return {
        "id": message.public_id,
        "status": worst(statuses[each.id] for each in deliveries),
        "from_": str(Mailbox(content.from_name, content.from_email)),
        "to": message.to,
        "cc": message.cc,
        "bcc": message.bcc,
        "subject": content.subject_line,
        "stream": message.stream,
        "source": message.source,
        "tags": [tag.name for tag in message.tags],
        "template": public_id("tpl", message.template_id) if message.template_id else None,
        "created_at": message.created_at,
        "scheduled_at": message.scheduled_at,
        "recipients": [
            RecipientShown(
                email=each.email,
                delivery_id=each.public_id,
                status=statuses[each.id],
                attempts=each.attempt,
                reply=each.reply,
                next_try_at=each.next_try_at,
                ended_at=each.ended_at,
            )
            for each in deliveries
        ],
    }
