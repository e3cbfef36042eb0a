"""Moves between states that no server's answer decides: batches let go, doubt, and what operators choose."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Table,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    update,
)

from mailer import signals
from mailer.db import db
from mailer.delivery.engine.outcomes import LONGEST_REPLY, Verdict
from mailer.delivery.ledger.counts import count
from mailer.delivery.ledger.tries import DOUBT_RETRY, FATES, since
from mailer.delivery.models import (
    DEFERRED,
    NEXT_STATES,
    Attempt,
    Batch,
    Delivery,
    DeliveryState,
    SkipReason,
)
from mailer.delivery.sending_sums import Fared, count_fates
from mailer.driver import Change
from mailer.patience import patiently

_BATCHES: Final = cast(Table, Batch.__table__)
_DELETE_DONE: Final = Change(
    delete(_BATCHES).where(
        _BATCHES.c.id == bindparam("left"),
        _BATCHES.c.worker == bindparam("holder"),
        ~exists().where(Delivery.batch_id == bindparam("left"), Delivery.state == DeliveryState.PREPARED),
    )
)


def put_back(batch_id: UUID, *, worker: str, due_at: datetime) -> None:
    """Let go of a batch: whatever of it was not tried may be claimed again at ``due_at``."""
    gone = _DELETE_DONE.make({"left": batch_id, "holder": worker})
    if gone.number or _free_alone(batch_id, worker=worker, due_at=due_at):
        return
    db.session.execute(
        update(Batch)
        .where(Batch.id == batch_id, Batch.worker == worker)
        .values(worker=None, lease_expires_at=None, due_at=due_at)
        .execution_options(synchronize_session=False)
    )


def _free_alone(batch_id: UUID, *, worker: str, due_at: datetime) -> bool:
    """Take a message to one person out of the batch that was made for its try; False for a campaign's.

    Nobody looks for such a batch: the message waits by itself for its next try.
    """
    freed = db.session.scalar(
        delete(Batch)
        .where(Batch.id == batch_id, Batch.worker == worker, Batch.campaign_id.is_(None))
        .returning(Batch.id)
        .execution_options(synchronize_session=False)
    )
    if freed is None:
        return False
    db.session.execute(
        update(Delivery)
        .where(Delivery.batch_id == batch_id, Delivery.state == DeliveryState.PREPARED)
        .values(batch_id=None, next_try_at=due_at)
        .execution_options(synchronize_session=False)
    )
    return True


def postpone(times: Mapping[UUID, datetime], *, batch_id: UUID) -> None:
    """Take untried deliveries out of a held batch, each until its turn; no try is counted."""
    if not times:
        return
    table = cast(Table, Delivery.__table__)
    db.session.connection().execute(
        update(table)
        .where(
            table.c.id == bindparam("delivery"),
            table.c.batch_id == batch_id,
            table.c.state == DeliveryState.PREPARED,
        )
        .values(batch_id=None, next_try_at=bindparam("at")),
        [{"delivery": identifier, "at": at} for identifier, at in times.items()],
    )


def note_crash(deliveries: Collection[UUID], *, batch_id: UUID, until: datetime) -> None:
    """Count a crash against whoever was being composed, and try them later."""
    _move(
        Delivery.batch_id == batch_id,
        deliveries,
        origin=DeliveryState.PREPARED,
        target=DeliveryState.PREPARED,
        batch_id=None,
        next_try_at=until,
        crash_count=Delivery.crash_count + 1,
    )


def put_in_doubt(batch_id: UUID, deliveries: Iterable[UUID] | None, *, reason: str, now: datetime) -> None:
    """Park campaign deliveries that may have been taken over, and try transactional ones again.

    The caller holds the batch, or has just taken it away from someone who is not heard of.

    :param deliveries: some of the batch, or None for all that have no outcome
    """
    where = [Delivery.batch_id == batch_id, Delivery.state == DeliveryState.PREPARED]
    if deliveries is not None:
        where.append(Delivery.id.in_(list(deliveries)))
    rows = db.session.execute(
        select(Delivery.id, Delivery.workspace_id, Delivery.attempt, Delivery.campaign_id).where(*where)
    ).all()
    mine = Delivery.batch_id == batch_id
    tried = {"reply": reason, "attempt": Delivery.attempt + 1, "first_tried_at": since(now)}
    _move(
        mine,
        [row.id for row in rows if row.campaign_id is not None],
        origin=DeliveryState.PREPARED,
        target=DeliveryState.IN_DOUBT,
        **tried,
    )
    _move(
        mine,
        [row.id for row in rows if row.campaign_id is None],
        origin=DeliveryState.PREPARED,
        target=DeliveryState.PREPARED,
        batch_id=None,
        next_try_at=now + DOUBT_RETRY,
        **tried,
    )
    if rows:
        db.session.execute(
            insert(Attempt),
            [
                {
                    "workspace_id": row.workspace_id,
                    "delivery_id": row.id,
                    "number": row.attempt + 1,
                    "outcome": Verdict.IN_DOUBT,
                    "reply": reason,
                }
                for row in rows
            ],
        )


def reject(deliveries: Collection[UUID], *, batch_id: UUID, reason: str, now: datetime) -> None:
    """End deliveries of a held batch that can never be sent, for a reason that no server gave."""
    _move(
        Delivery.batch_id == batch_id,
        deliveries,
        origin=DeliveryState.PREPARED,
        target=DeliveryState.REJECTED,
        reply=reason[:LONGEST_REPLY],
        ended_at=now,
    )


def skip(deliveries: Collection[UUID], reason: SkipReason, *, batch_id: UUID, now: datetime) -> None:
    """End deliveries of a held batch that the gate does not let through."""
    if not deliveries:
        return
    _move(
        Delivery.batch_id == batch_id,
        deliveries,
        origin=DeliveryState.PREPARED,
        target=DeliveryState.SKIPPED,
        reason=reason,
        skip_reason=reason,
        ended_at=now,
    )
    signals.skipped.send(deliveries, reason=reason)


@patiently()
def skip_waiting(campaign_id: UUID, reason: SkipReason, *, now: datetime) -> int:
    """End everything of a campaign that no worker holds; return how many there were.

    The caller has stopped the run before, so that no batch is claimed meanwhile.
    """
    db.session.execute(
        delete(Batch)
        .where(Batch.campaign_id == campaign_id, Batch.worker.is_(None))
        .execution_options(synchronize_session=False)
    )
    held = select(Batch.id).where(Batch.campaign_id == campaign_id).scalar_subquery()
    return _move(
        and_(
            Delivery.campaign_id == campaign_id,
            Delivery.batch_id.is_(None) | Delivery.batch_id.not_in(held),
        ),
        None,
        origin=DeliveryState.PREPARED,
        target=DeliveryState.SKIPPED,
        reason=reason,
        skip_reason=reason,
        ended_at=now,
        next_try_at=None,
    )


def adopt_orphans(campaign_id: UUID, *, now: datetime) -> int:
    """Put back what waits in a batch that is no more; return how many.

    A process that was stopped while it made a batch, for so long that the batch was sent without the
    rest, leaves some. So would a bug.
    """
    batches = select(Batch.id).where(Batch.campaign_id == campaign_id).scalar_subquery()
    return _move(
        and_(Delivery.campaign_id == campaign_id, Delivery.batch_id.not_in(batches)),
        None,
        origin=DeliveryState.PREPARED,
        target=DeliveryState.PREPARED,
        batch_id=None,
        next_try_at=now,
    )


def retry_held(campaign_id: UUID, *, now: datetime, deliveries: Iterable[UUID] | None = None) -> int:
    """Put back what was refused because of us; return how many there were."""
    return _move(
        Delivery.campaign_id == campaign_id,
        deliveries,
        origin=DeliveryState.HELD,
        target=DeliveryState.PREPARED,
        next_try_at=now,
        first_tried_at=None,
        batch_id=None,
    )


def retry_deferred(campaign_id: UUID, *, now: datetime, deliveries: Iterable[UUID] | None = None) -> int:
    """Try what servers put off at once, whenever its turn would have been; return how many there were."""
    return _move(
        and_(Delivery.campaign_id == campaign_id, Delivery.attention == DEFERRED),
        deliveries,
        origin=DeliveryState.PREPARED,
        target=DeliveryState.PREPARED,
        next_try_at=now,
    )


def give_up(
    campaign_id: UUID,
    *,
    origin: DeliveryState,
    by: str,
    now: datetime,
    deliveries: Iterable[UUID] | None = None,
) -> int:
    """End what was put off or held because somebody decided so; return how many there were.

    The address is not suppressed: no server called it dead.
    """
    is_stuck = Delivery.attention.in_((DEFERRED, DeliveryState.HELD.value))
    return _move(
        and_(Delivery.campaign_id == campaign_id, is_stuck),
        deliveries,
        origin=origin,
        target=DeliveryState.REJECTED,
        reply=func.substr(literal(f"Given up by {by}: ") + Delivery.reply, 1, LONGEST_REPLY),
        ended_at=now,
        next_try_at=None,
    )


def send_again(campaign_id: UUID, *, now: datetime, deliveries: Iterable[UUID] | None = None) -> int:
    """Resolve doubt by sending once more, under the same Message-ID; return how many there were."""
    return _move(
        Delivery.campaign_id == campaign_id,
        deliveries,
        origin=DeliveryState.IN_DOUBT,
        target=DeliveryState.PREPARED,
        next_try_at=now,
        batch_id=None,
    )


def mark_arrived(campaign_id: UUID, *, now: datetime, deliveries: Iterable[UUID] | None = None) -> int:
    """Resolve doubt by evidence that the message is there; return how many there were."""
    return _move(
        Delivery.campaign_id == campaign_id,
        deliveries,
        origin=DeliveryState.IN_DOUBT,
        target=DeliveryState.ACCEPTED,
        ended_at=now,
    )


def cancel_alone(message_id: UUID, *, now: datetime) -> int:
    """End the deliveries of a message to one person that no worker holds; return how many there were."""
    return _move(
        _waits_alone(message_id),
        None,
        origin=DeliveryState.PREPARED,
        target=DeliveryState.SKIPPED,
        reason=SkipReason.CANCELLED,
        skip_reason=SkipReason.CANCELLED,
        ended_at=now,
        next_try_at=None,
    )


def reschedule_alone(message_id: UUID, *, at: datetime) -> int:
    """Move the first try of a message to one person; return for how many addresses it could be."""
    return _move(
        and_(_waits_alone(message_id), Delivery.attempt == 0),
        None,
        origin=DeliveryState.PREPARED,
        target=DeliveryState.PREPARED,
        next_try_at=at,
    )


def _waits_alone(message_id: UUID) -> ColumnElement[bool]:
    return and_(
        Delivery.message_id == message_id,
        Delivery.campaign_id.is_(None),
        Delivery.batch_id.is_(None),
    )


def _move(
    whose: Any,
    deliveries: Iterable[UUID] | None,
    *,
    origin: DeliveryState,
    target: DeliveryState,
    reason: str = "",
    **changes: Any,
) -> int:
    """Move deliveries from one state to another and count them; return how many were moved."""
    assert target in NEXT_STATES[origin], f"{origin} does not become {target}"
    where = [whose, Delivery.state == origin]
    if deliveries is not None:
        chosen = list(deliveries)
        if not chosen:
            return 0
        where.append(Delivery.id.in_(chosen))
    moved = db.session.execute(
        update(Delivery)
        .where(*where)
        .values(state=target, **changes)
        .returning(Delivery.workspace_id, Delivery.campaign_id, Delivery.message_id, Delivery.email)
        .execution_options(synchronize_session=False)
    ).all()
    by_campaign = Counter(row.campaign_id for row in moved)
    if target in FATES:
        count_fates(Fared(*row[:3], [row.email], FATES[target], changes["ended_at"]) for row in moved)
    if (origin, "") != (target, reason):
        for campaign_id, number in by_campaign.items():
            count(campaign_id, Counter({(origin, ""): -number, (target, reason): number}))
    return by_campaign.total()
