"""Claiming work: one statement takes what is due and asks the gate about each of it."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, case, exists, func, literal, select, update
from sqlalchemy.engine import Row

from mailer.consent import gate
from mailer.db import db
from mailer.delivery import ledger
from mailer.delivery.ledger import CLAIMED_COLUMNS, Claimed
from mailer.delivery.models import Delivery, DeliveryState, Run, SkipReason
from mailer.lib.addresses import address_key

BATCH: Final = 500
#: Longer than a server may take over the final dot (10 minutes, RFC 5321 4.5.3.2).
LEASE: Final = timedelta(minutes=12)

_TAKEN: Final = (*CLAIMED_COLUMNS, Delivery.state, Delivery.skip_reason)


def claim_batch(run: Run, *, worker: str, now: datetime, size: int = BATCH) -> tuple[list[Claimed], int]:
    """Take up to ``size`` due deliveries of a run; those that the gate refuses end as skipped.

    :return: what may be sent, and how many rows were taken in all
    """
    due = (
        select(Delivery.id, _refusal(run, now=now).label("refusal"))
        .where(
            Delivery.campaign_id == run.campaign_id,
            Delivery.state == DeliveryState.PREPARED,
            Delivery.next_try_at <= now,
            exists().where(Run.campaign_id == run.campaign_id, Run.stopped_at.is_(None)),
        )
        .order_by(Delivery.next_try_at, Delivery.id)
        .limit(size)
        .with_for_update(skip_locked=True, of=Delivery)
        .cte("due")
    )
    rows = _take(Delivery.id == due.c.id, due.c.refusal, worker=worker, now=now)
    return _claimed(rows), len(rows)


def claim_one(delivery_id: UUID, *, worker: str, now: datetime) -> Claimed | None:
    """Take one delivery that belongs to no campaign, if it is due and the gate lets it through."""
    email = db.session.scalar(select(Delivery.email).where(Delivery.id == delivery_id))
    if email is None:
        return None
    refusal = gate.transactional_refusal(
        workspace_id=Delivery.__table__.c.workspace_id, email_key=literal(address_key(email))
    )
    due = (
        select(Delivery.id, refusal.label("refusal"))
        .where(
            Delivery.id == delivery_id,
            Delivery.campaign_id.is_(None),
            Delivery.state == DeliveryState.PREPARED,
            Delivery.next_try_at <= now,
        )
        .with_for_update(skip_locked=True, of=Delivery)
        .cte("due")
    )
    rows = _take(Delivery.id == due.c.id, due.c.refusal, worker=worker, now=now)
    return next(iter(_claimed(rows)), None)


def renew(worker: str, *, now: datetime) -> None:
    """Lengthen a worker's lease on all that it holds."""
    db.session.execute(
        update(Delivery)
        .where(Delivery.worker == worker, Delivery.state == DeliveryState.CLAIMED)
        .values(lease_expires_at=now + LEASE)
        .execution_options(synchronize_session=False)
    )


def ask_again(run: Run, *, worker: str, now: datetime) -> tuple[set[UUID], dict[UUID, SkipReason], bool]:
    """Ask once more about a worker's claims: people leave while a batch is under way.

    :return: those that are still this worker's, why others may no longer be sent, and
        whether the whole run was stopped
    """
    stopped_at = db.session.scalar(select(Run.stopped_at).where(Run.campaign_id == run.campaign_id))
    rows = db.session.execute(
        select(Delivery.id, _refusal(run, now=now)).where(
            Delivery.worker == worker, Delivery.state == DeliveryState.CLAIMED
        )
    ).all()
    refused = {identifier: SkipReason(reason) for identifier, reason in rows if reason is not None}
    return {identifier for identifier, _ in rows}, refused, stopped_at is not None


def _refusal(run: Run, *, now: datetime) -> ColumnElement[Any]:
    return gate.refusal(
        workspace_id=Delivery.__table__.c.workspace_id,
        subscriber_id=Delivery.__table__.c.subscriber_id,
        lists=[UUID(list_id) for list_id in run.list_ids],
        now=now,
    )


def _take(where: Any, refusal: Any, *, worker: str, now: datetime) -> list[Row[Any]]:
    may = refusal.is_(None)
    state = Delivery.state.type
    rows = db.session.execute(
        update(Delivery)
        .where(where)
        .values(
            state=case(
                (may, literal(DeliveryState.CLAIMED, state)), else_=literal(DeliveryState.SKIPPED, state)
            ),
            skip_reason=refusal,
            worker=case((may, worker)),
            lease_expires_at=case((may, literal(now + LEASE, Delivery.lease_expires_at.type))),
            ended_at=case((may, None), else_=literal(now, Delivery.ended_at.type)),
            attempt=Delivery.attempt + case((may, 1), else_=0),
            first_tried_at=func.coalesce(Delivery.first_tried_at, literal(now, Delivery.ended_at.type)),
        )
        .returning(*_TAKEN)
        .execution_options(synchronize_session=False)
    ).all()
    _count(rows)
    return list(rows)


def _count(rows: Iterable[Row[Any]]) -> None:
    changes: dict[UUID, Counter[tuple[DeliveryState, str]]] = {}
    for row in rows:
        counter = changes.setdefault(row.campaign_id, Counter())
        counter[DeliveryState.PREPARED, ""] -= 1
        counter[row.state, row.skip_reason or ""] += 1
    for campaign_id, counter in changes.items():
        ledger.count(campaign_id, counter)


def _claimed(rows: Iterable[Row[Any]]) -> list[Claimed]:
    return [Claimed.of(row) for row in rows if row.state is DeliveryState.CLAIMED]
