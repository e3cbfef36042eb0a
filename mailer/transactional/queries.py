"""What is asked of transactional messages. The workspace comes first, so that none is forgotten."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    String,
    bindparam,
    cast,
    exists,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import joinedload, selectinload

from mailer.audience.models import Subscriber
from mailer.composing.models import Template
from mailer.consent.models import StreamSuppression, Suppression, SuppressionReason
from mailer.db import db, owned
from mailer.delivery.models import Delivery, DeliveryState, Message, Sender
from mailer.driver import Question
from mailer.lib.addresses import address_key
from mailer.lib.ids import parse_id
from mailer.transactional.letter import Mailbox, wrong
from mailer.transactional.models import LogRetention, TemplateUse, TransactionalMessage, TransactionalTag


@dataclass(frozen=True)
class Known:
    """What is known of addresses before they are written to.

    :ivar refusals: why some get nothing, by address key
    :ivar subscribers: who of them is in the audience, by address key
    """

    refusals: dict[str, str]
    subscribers: dict[str, UUID]


def _known() -> CompoundSelect[Any]:
    """Return the question of :func:`known_of`, about one address."""
    key, workspace_id = bindparam("key", type_=String()), bindparam("workspace_id", type_=Subscriber.id.type)
    # PostgreSQL wants to know of what kind a nothing is.
    nobody = cast(null(), Subscriber.id.type)
    return union_all(
        select(Suppression.email_key, Suppression.reason, nobody.label("subscriber_id")).where(
            Suppression.workspace_id == workspace_id,
            Suppression.email_key == key,
            Suppression.reason == SuppressionReason.HARD_BOUNCE,
        ),
        select(StreamSuppression.email_key, StreamSuppression.reason, nobody).where(
            StreamSuppression.workspace_id == workspace_id,
            StreamSuppression.email_key == key,
            StreamSuppression.stream == bindparam("stream", type_=String()),
        ),
        select(Subscriber.email_key, cast(null(), Suppression.reason.type), Subscriber.id).where(
            Subscriber.workspace_id == workspace_id, Subscriber.email_key == key
        ),
    )


_KNOWN: Final = Question(_known())


def known_of(workspace_id: UUID, stream: str, emails: Iterable[str]) -> Known:
    """Return what is known of addresses.

    The gate asks again when a message is claimed; this is so that whoever asks hears at once.
    """
    keys = dict.fromkeys(map(address_key, emails))
    rows = _KNOWN.ask([{"workspace_id": workspace_id, "stream": stream, "key": key} for key in keys])
    return Known(
        {key: reason for key, reason, subscriber_id in rows if subscriber_id is None},
        {key: subscriber_id for key, _, subscriber_id in rows if subscriber_id is not None},
    )


def default_sender(workspace_id: UUID) -> Mailbox | None:
    """Return from whom messages are that do not say so: the workspace's first sender."""
    row = db.session.execute(
        select(Sender.name, Sender.email)
        .where(Sender.workspace_id == workspace_id)
        .order_by(Sender.id)
        .limit(1)
    ).one_or_none()
    return Mailbox(*row) if row is not None else None


def template_asked_for(workspace_id: UUID, name: str) -> tuple[Template, str]:
    """Return a template by its id or by the alias that programs know it by, and its own subject.

    :raises Invalid: there is none of that name
    """
    is_it = or_(Template.id == parse_id(Template.prefix, name), TemplateUse.alias == name)
    row = db.session.execute(
        select(Template, TemplateUse.subject)
        .outerjoin(TemplateUse, TemplateUse.template_id == Template.id)
        .where(Template.workspace_id == workspace_id, is_it)
    ).first()
    if row is None:
        raise wrong("template", f"There is no template “{name[:80]}”.")
    return row[0], row[1] or ""


def use_of(template: Template) -> TemplateUse:
    """Return what programs know of a template; a new row where nobody has said anything yet."""
    found = db.session.get(TemplateUse, template.id)
    return found or TemplateUse(
        template_id=template.id, workspace_id=template.workspace_id, alias=None, subject=""
    )


def message_by_id(workspace_id: UUID, public_id: str) -> TransactionalMessage:
    """Return one of the workspace's transactional messages.

    :raises NotFound: there is none with this id
    """
    return owned(
        TransactionalMessage,
        workspace_id,
        public_id,
        otherwise="There is no such message; perhaps it was forgotten.",
    )


@dataclass(frozen=True)
class LogFilter:
    """Which entries of the log are asked for; everything left out lets all through.

    :ivar search: an address, a tag, an id of a message, or a template's id, alias or name
    """

    search: str = ""
    email: str = ""
    tag: str = ""
    stream: str = ""
    template: str = ""
    state: DeliveryState | None = None


def log(workspace_id: UUID, by: LogFilter) -> Select[TransactionalMessage]:
    """Return the workspace's log."""
    query = (
        select(TransactionalMessage)
        .where(TransactionalMessage.workspace_id == workspace_id)
        .options(joinedload(TransactionalMessage.message).defer(Message.html).defer(Message.text))
        .options(selectinload(TransactionalMessage.tags), joinedload(TransactionalMessage.template))
    )
    if by.stream:
        query = query.where(TransactionalMessage.stream == by.stream)
    if by.email:
        query = query.where(TransactionalMessage.id.in_(_to(workspace_id, by.email)))
    if by.tag:
        query = query.where(TransactionalMessage.id.in_(_tagged(workspace_id, by.tag)))
    if by.template:
        query = query.where(TransactionalMessage.template_id.in_(_templates(workspace_id, by.template)))
    if by.state is not None:
        query = query.where(
            exists().where(
                Delivery.message_id == TransactionalMessage.id,
                Delivery.campaign_id.is_(None),
                Delivery.state == by.state,
            )
        )
    return query.where(_found(workspace_id, by.search.strip())) if by.search.strip() else query


def _found(workspace_id: UUID, words: str) -> ColumnElement[bool]:
    message_id = parse_id(TransactionalMessage.prefix, words)
    if message_id is not None:
        return TransactionalMessage.id == message_id
    if "@" in words:
        return TransactionalMessage.id.in_(_to(workspace_id, words))
    return or_(
        TransactionalMessage.id.in_(_tagged(workspace_id, words)),
        TransactionalMessage.template_id.in_(_templates(workspace_id, words)),
    )


def _to(workspace_id: UUID, email: str) -> Select[UUID]:
    return select(Delivery.message_id).where(
        Delivery.workspace_id == workspace_id,
        Delivery.campaign_id.is_(None),
        Delivery.email.in_({email.strip(), email.strip().lower()}),
    )


def _tagged(workspace_id: UUID, tag: str) -> Select[UUID]:
    return select(TransactionalTag.message_id).where(
        TransactionalTag.workspace_id == workspace_id, TransactionalTag.name == tag
    )


def _templates(workspace_id: UUID, name: str) -> Select[UUID]:
    return (
        select(Template.id)
        .outerjoin(TemplateUse, TemplateUse.template_id == Template.id)
        .where(
            Template.workspace_id == workspace_id,
            or_(
                Template.id == parse_id(Template.prefix, name),
                TemplateUse.alias == name,
                Template.name == name,
            ),
        )
    )


def deliveries_of(message_ids: Iterable[UUID]) -> dict[UUID, list[Delivery]]:
    """Return the deliveries of some messages, in the order in which they were made."""
    by_message: dict[UUID, list[Delivery]] = defaultdict(list)
    for delivery in db.session.scalars(
        select(Delivery)
        .where(Delivery.message_id.in_(list(message_ids)), Delivery.campaign_id.is_(None))
        .order_by(Delivery.id)
    ):
        by_message[delivery.message_id].append(delivery)
    return by_message


def streams_of(workspace_id: UUID) -> Sequence[str]:
    """Return the streams that the workspace has sent in, by name.

    Each is found by a jump in the index: they are few, and messages are many.
    """
    found: list[str] = []
    while True:
        following = db.session.scalar(
            select(TransactionalMessage.stream)
            .where(
                TransactionalMessage.workspace_id == workspace_id,
                TransactionalMessage.stream > (found[-1] if found else ""),
            )
            .order_by(TransactionalMessage.stream)
            .limit(1)
        )
        if following is None or len(found) > 100:
            return found
        found.append(following)


def retention_of(workspace_id: UUID) -> LogRetention:
    """Return how long the workspace keeps its log; what everybody begins with where it never said."""
    found = db.session.get(LogRetention, workspace_id)
    return found or LogRetention(workspace_id=workspace_id, content_days=30, entry_days=365)
