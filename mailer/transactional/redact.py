"""Forgetting what was sent: first the words and files of a message, later that there was one.

What a receipt or a reset mail said is nobody's business for ever; how long a workspace
keeps it is its own to say.
"""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, delete, exists, select, update

from mailer.accounts.models import Workspace
from mailer.db import db, insert_missing
from mailer.delivery.models import Attachment, Delivery, DeliveryState, Message
from mailer.transactional.letter import wrong
from mailer.transactional.models import LogRetention, TransactionalMessage
from mailer.transactional.queries import retention_of

_AT_ONCE: Final = 500


def keep_for(workspace_id: UUID, *, content_days: int, entry_days: int) -> None:
    """Say how long a workspace keeps words and entries.

    :raises Invalid: words would be kept longer than their entry
    """
    if content_days > entry_days:
        raise wrong("entry_days", "An entry is kept at least as long as its words.")
    insert_missing(
        LogRetention,
        [{"workspace_id": workspace_id, "content_days": content_days, "entry_days": entry_days}],
    )
    kept = db.session.get_one(LogRetention, workspace_id)
    kept.content_days, kept.entry_days = content_days, entry_days
    db.session.flush()


def redact_messages(*, now: datetime) -> None:
    """Forget what every workspace has kept for long enough; commits as it goes."""
    for workspace_id in db.session.scalars(select(Workspace.id)).all():
        kept = retention_of(workspace_id)
        content_from, entries_from = (
            now - timedelta(days=days) for days in (kept.content_days, kept.entry_days)
        )
        while _redact(workspace_id, before=content_from, now=now):
            db.session.commit()
        while _forget(workspace_id, before=entries_from):
            db.session.commit()
        db.session.commit()


def _redact(workspace_id: UUID, *, before: datetime, now: datetime) -> bool:
    chosen = _ended(workspace_id, before).where(TransactionalMessage.redacted_at.is_(None))
    ids = list(db.session.scalars(chosen.order_by(TransactionalMessage.id).limit(_AT_ONCE)))
    if not ids:
        return False
    _empty(ids)
    db.session.execute(
        update(TransactionalMessage)
        .where(TransactionalMessage.id.in_(ids))
        .values(redacted_at=now)
        .execution_options(synchronize_session=False)
    )
    return True


def _forget(workspace_id: UUID, *, before: datetime) -> bool:
    chosen = _ended(workspace_id, before).order_by(TransactionalMessage.id).limit(_AT_ONCE)
    ids = list(db.session.scalars(chosen))
    if not ids:
        return False
    _empty(ids)
    # The shell of a message stays: to take it away the database would look through every
    # delivery there ever was, since campaigns have no index by message.
    db.session.execute(
        delete(Delivery)
        .where(Delivery.message_id.in_(ids), Delivery.campaign_id.is_(None))
        .execution_options(synchronize_session=False)
    )
    db.session.execute(
        delete(TransactionalMessage)
        .where(TransactionalMessage.id.in_(ids))
        .execution_options(synchronize_session=False)
    )
    return True


def _ended(workspace_id: UUID, before: datetime) -> Select[Any]:
    """Return the messages that were asked for before a moment and wait for nothing any more."""
    waits = exists().where(
        Delivery.message_id == TransactionalMessage.id,
        Delivery.campaign_id.is_(None),
        Delivery.state == DeliveryState.PREPARED,
    )
    return select(TransactionalMessage.id).where(
        TransactionalMessage.workspace_id == workspace_id, TransactionalMessage.created_at <= before, ~waits
    )


def _empty(messages: list[UUID]) -> None:
    db.session.execute(delete(Attachment).where(Attachment.message_id.in_(messages)))
    db.session.execute(
        update(Message)
        .where(Message.id.in_(messages))
        # Where links lead stays: somebody may follow one of them years later.
        .values(subject="", html="", text="", headers=None, mailboxes=None, attachment_count=0)
        .execution_options(synchronize_session=False)
    )
