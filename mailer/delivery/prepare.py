"""Turning lists into deliveries: one row for each subscriber, made by the database itself."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, literal, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from mailer import signals
from mailer.audience.models import Subscriber, Subscription, SubscriptionStatus
from mailer.columns import new_id
from mailer.db import db, let_others_write
from mailer.delivery import ledger
from mailer.delivery.claim import BATCH
from mailer.delivery.models import Batch, Delivery, DeliveryState, Run, RunMessage
from mailer.jobs import DELIVER_DUE, later
from mailer.lib.clock import utcnow
from mailer.lib.ids import uuid7


@dataclass(frozen=True)
class _Pass:
    list_id: UUID
    status: SubscriptionStatus


def prepare_campaign(campaign_id: UUID) -> None:
    """Make all deliveries of a campaign, committing batch by batch so that sending begins at once."""
    run = db.session.get(Run, campaign_id)
    while run is not None and prepare_next(run, now=utcnow()):
        db.session.commit()
        let_others_write()
    db.session.commit()


def prepare_next(run: Run, *, now: datetime, rows: int = BATCH) -> bool:
    """Make the next batch of deliveries; return whether there may be more.

    Safe to run twice and side by side: who is already there stays as they are, and only
    one of two that began at the same point moves the run on.

    Those who left a list are in its audience too: the gate skips them, and the report
    can say so. Those who never confirmed are not. Everybody active comes first, so that
    the List-ID is of a list that the reader is on.
    """
    passes = _passes(run)
    if run.prepared_at is not None or run.prepare_pass >= len(passes):
        return _finish(run, now=now)
    current = passes[run.prepare_pass]
    last = _last_of_next(current, after=run.prepare_after, rows=rows)
    if not _advance(run, last):
        return True
    batch = Batch(id=uuid7(), campaign_id=run.campaign_id, due_at=now)
    made = _insert(run, current, batch, after=run.prepare_after, up_to=last, now=now)
    if made:
        db.session.add(batch)
        ledger.count(run.campaign_id, Counter({(DeliveryState.PREPARED, ""): made}))
        later(DELIVER_DUE)
    db.session.flush()
    db.session.refresh(run)
    return True


def _passes(run: Run) -> list[_Pass]:
    lists = [UUID(list_id) for list_id in run.list_ids]
    return [
        _Pass(list_id, status)
        for status in (SubscriptionStatus.ACTIVE, SubscriptionStatus.UNSUBSCRIBED)
        for list_id in lists
    ]


def _finish(run: Run, *, now: datetime) -> bool:
    finished = db.session.execute(
        update(Run)
        .where(Run.campaign_id == run.campaign_id, Run.prepared_at.is_(None))
        .values(prepared_at=now)
        .returning(Run.campaign_id)
    ).scalar()
    if finished is not None:
        signals.campaign_prepared.send(run.campaign_id)
        # Also when there is nobody: whoever looks for work finds that nothing waits.
        later(DELIVER_DUE)
    return False


def _last_of_next(current: _Pass, *, after: UUID | None, rows: int) -> UUID | None:
    """Return the subscriber at which the next statement ends; None when it is the pass's last."""
    return db.session.scalar(
        select(Subscription.subscriber_id)
        .where(*_members(current, after))
        .order_by(Subscription.subscriber_id)
        .offset(rows - 1)
        .limit(1)
    )


def _advance(run: Run, last: UUID | None) -> bool:
    """Move the run's mark on; False when someone else did so first."""
    is_last = last is None
    moved = db.session.execute(
        update(Run)
        .where(
            Run.campaign_id == run.campaign_id,
            Run.prepared_at.is_(None),
            Run.prepare_pass == run.prepare_pass,
            Run.prepare_after.is_(None)
            if run.prepare_after is None
            else Run.prepare_after == run.prepare_after,
        )
        .values(prepare_pass=run.prepare_pass + is_last, prepare_after=last)
        .returning(Run.campaign_id)
        .execution_options(synchronize_session=False)
    ).scalar()
    return moved is not None


def _insert(
    run: Run, current: _Pass, batch: Batch, *, after: UUID | None, up_to: UUID | None, now: datetime
) -> int:
    where = _members(current, after)
    if up_to is not None:
        where.append(Subscription.subscriber_id <= up_to)
    columns = {
        Delivery.id: new_id(),
        Delivery.created_at: literal(now, Delivery.created_at.type),
        Delivery.workspace_id: literal(run.workspace_id, Delivery.workspace_id.type),
        Delivery.message_id: _message_for_reader(run),
        Delivery.campaign_id: literal(run.campaign_id, Delivery.campaign_id.type),
        Delivery.subscriber_id: Subscriber.id,
        Delivery.list_id: literal(current.list_id, Delivery.list_id.type),
        Delivery.email: Subscriber.email,
        Delivery.state: literal(DeliveryState.PREPARED, Delivery.state.type),
        Delivery.attempt: literal(0),
        Delivery.crash_count: literal(0),
        Delivery.reply: literal(""),
        Delivery.batch_id: literal(batch.id, Delivery.batch_id.type),
    }
    for _, narrowing in signals.narrowing_wanted.send(run):
        where += narrowing
    people = (
        select(*columns.values())
        .join(Subscriber, Subscriber.id == Subscription.subscriber_id)
        .select_from(Subscription)
        .where(*where, Subscriber.workspace_id == run.workspace_id)
    )
    dialect: Any = postgresql if db.session.get_bind().dialect.name == "postgresql" else sqlite
    result = db.session.execute(
        dialect.insert(Delivery.__table__)
        .from_select([column.name for column in columns], people, include_defaults=False)
        .on_conflict_do_nothing(index_elements=["subscriber_id", "campaign_id"]),
        execution_options={"preserve_rowcount": True},
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


def _message_for_reader(run: Run) -> ColumnElement[UUID]:
    """Return the message in the language that is nearest to the reader's (``rendering.locales.chain``)."""
    own = literal(run.message_id, Delivery.message_id.type)
    others = db.session.execute(
        select(RunMessage.locale, RunMessage.message_id).where(RunMessage.campaign_id == run.campaign_id)
    ).all()
    if not others:
        return own
    read = func.lower(func.replace(Subscriber.locale, "_", "-"))
    # The longest first: whoever reads “pt-br” has it before “pt”.
    nearest = sorted(others, key=lambda other: -len(other.locale))
    return case(
        *(
            (
                or_(read == other.locale, read.startswith(f"{other.locale}-", autoescape=True)),
                literal(other.message_id, Delivery.message_id.type),
            )
            for other in nearest
        ),
        else_=own,
    )


def _members(current: _Pass, after: UUID | None) -> list[Any]:
    where: list[Any] = [Subscription.list_id == current.list_id, Subscription.status == current.status]
    if after is not None:
        where.append(Subscription.subscriber_id > after)
    return where
