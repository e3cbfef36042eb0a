"""Claiming work: a worker takes a batch, and the gate is asked about everybody in it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, lru_cache, partial
from typing import Any, Final, NamedTuple, cast
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.sql.elements import SQLColumnExpression

from mailer.accounts.models import Workspace
from mailer.consent import gate
from mailer.current import settings
from mailer.db import begin_reading, db
from mailer.delivery import ledger
from mailer.delivery.compose import READER_COLUMNS, Reader, reader_of
from mailer.delivery.ledger import Claimed
from mailer.delivery.models import Batch, Delivery, DeliveryState, Run, SkipReason
from mailer.driver import Change, Inserted, insert_rows
from mailer.lib.ids import uuid7

BATCH: Final = 1_000

# A table instead of its model: for a thousand rows the ORM would take as long as the database.
_DELIVERIES: Final = cast(Table, Delivery.__table__)
_BATCHES: Final = Inserted(Batch, "id", "campaign_id", "worker", "created_at", "due_at", "lease_expires_at")
#: Nobody's, for whoever was erased.
_WITH_READERS: Final = _DELIVERIES.outerjoin(Reader, Reader.id == _DELIVERIES.c.subscriber_id)
#: What differs within a batch.
_COLUMNS: Final[tuple[Any, ...]] = tuple(
    _DELIVERIES.c[name]
    for name in (
        *("id", "message_id", "subscriber_id", "list_id", "email", "values", "attempt", "first_tried_at"),
    )
)


@dataclass(frozen=True, slots=True)
class ClaimedBatch:
    """A batch that one worker holds, and what of it may be sent."""

    id: UUID
    deliveries: list[Claimed]


def claim_batch(run: Run, *, worker: str, now: datetime, size: int = BATCH) -> ClaimedBatch | None:
    """Take a batch of a run that is due; those in it whom the gate refuses end as skipped.

    The taking is committed before the gate is asked: on SQLite nobody writes meanwhile, and a
    thousand rows take a while to read. Whoever leaves in between is told of like everybody
    who leaves after a claim (``watch``).

    :param run: detached from the session, which forgets what it read at each commit
    :param size: how many retries become one batch; others keep the size that they were made with
    :return: None when nothing is due, or the run was stopped
    """
    # Shared with other claims, but not with a stop: whoever pauses or cancels waits for the
    # claims under way, and no later one begins.
    is_going = db.session.scalar(
        select(Run.campaign_id)
        .where(Run.campaign_id == run.campaign_id, Run.stopped_at.is_(None))
        .with_for_update(read=True)
    )
    if is_going is None:
        return None
    batch_id = _take_waiting(run, worker=worker, now=now) or gather(
        run.campaign_id, worker=worker, now=now, size=size
    )
    limits = _limits_of(run)
    db.session.commit()
    if batch_id is None:
        return None
    if limits.are_shared:
        # Until those who are refused have been skipped: of two campaigns, one goes through.
        _take_turn(run.workspace_id)
        deliveries, refused = _read(run, batch_id, limits, now=now)
    else:
        begin_reading()
        deliveries, refused = _read(run, batch_id, limits, now=now)
        db.session.commit()
    skip_refused(refused, batch_id=batch_id, now=now)
    return ClaimedBatch(batch_id, deliveries)


def ask_again(
    run: Run, deliveries: Collection[UUID], *, now: datetime
) -> tuple[dict[UUID, SkipReason], bool]:
    """Ask once more about claims: people leave while a batch is under way.

    :return: why some may no longer be sent, and whether the whole run was stopped
    """
    stopped_at = db.session.scalar(select(Run.stopped_at).where(Run.campaign_id == run.campaign_id))
    refusal = _refusal(_limits_of(run))
    rows = db.session.execute(
        select(_DELIVERIES.c.id, refusal.label("refusal"))
        .select_from(_WITH_READERS)
        .where(_DELIVERIES.c.id.in_(deliveries), refusal.is_not(None)),
        gate.moments(now),
    )
    return {row.id: SkipReason(row.refusal) for row in rows}, stopped_at is not None


def skip_refused(refused: dict[UUID, SkipReason], *, batch_id: UUID, now: datetime) -> None:
    """End what the gate does not let through, each with its reason."""
    for reason in set(refused.values()):
        chosen = [identifier for identifier, why in refused.items() if why is reason]
        ledger.skip(chosen, reason, batch_id=batch_id, now=now)


def _take_waiting(run: Run, *, worker: str, now: datetime) -> UUID | None:
    """Take the batch that waits longest."""
    waiting = (
        select(Batch.id)
        .where(Batch.campaign_id == run.campaign_id, Batch.worker.is_(None), Batch.due_at <= now)
        .order_by(Batch.due_at, Batch.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    return db.session.scalar(
        update(Batch)
        .where(Batch.id == waiting)
        .values(worker=worker, lease_expires_at=now + lease())
        .returning(Batch.id)
        .execution_options(synchronize_session=False)
    )


def gather(campaign_id: UUID | None, *, worker: str, now: datetime, size: int) -> UUID | None:
    """Make a batch of what is due by itself: retries of a campaign, or messages that belong to none.

    :return: None when nothing is
    """
    batch_id = uuid7()
    taken = _taking(campaign_id is None).make(
        {"asked_campaign": campaign_id, "asked_now": now, "asked_size": size, "new_batch": batch_id}
    )
    if not taken.number:
        return None
    batch = {"id": batch_id, "campaign_id": campaign_id, "worker": worker}
    insert_rows({_BATCHES: [{**batch, "created_at": now, "due_at": now, "lease_expires_at": now + lease()}]})
    return batch_id


@cache
def due(is_alone: bool) -> Select[UUID]:
    """Return what is due by itself, the longest waiting first: of a campaign, or of none.

    Its parameters are ``asked_campaign``, ``asked_now`` and ``asked_size``.
    """
    owner = _DELIVERIES.c.campaign_id
    return (
        select(_DELIVERIES.c.id)
        .where(
            owner.is_(None) if is_alone else owner == bindparam("asked_campaign"),
            _DELIVERIES.c.next_try_at <= bindparam("asked_now"),
        )
        .order_by(_DELIVERIES.c.next_try_at)
        .limit(bindparam("asked_size"))
    )


@cache
def _taking(is_alone: bool) -> Change:
    """Return what makes a batch of it; made once, since single messages come with every moment."""
    chosen = due(is_alone).with_for_update(skip_locked=True).cte("due")
    return Change(
        update(_DELIVERIES)
        .where(_DELIVERIES.c.id.in_(select(chosen.c.id)), _DELIVERIES.c.state == DeliveryState.PREPARED)
        .values(batch_id=bindparam("new_batch"), next_try_at=None)
        .returning(_DELIVERIES.c.id)
    )


def lease() -> timedelta:
    """How long a claim is good for unless it is renewed.

    Longer than a server may take over the final dot (10 minutes, RFC 5321 4.5.3.2).
    """
    return timedelta(seconds=settings().lease_seconds)


class _Limits(NamedTuple):
    """What the gate's answers about a run depend on, beside its readers."""

    list_ids: tuple[UUID, ...]
    caps: tuple[gate.Cap, ...]
    has_wishes: bool

    @property
    def are_shared(self) -> bool:
        """Whether one campaign's mails may use up another's."""
        return bool(self.caps) or self.has_wishes


def _limits_of(run: Run) -> _Limits:
    list_ids = tuple([UUID(list_id) for list_id in run.list_ids])
    return _Limits(
        list_ids, tuple(gate.caps_of(run.workspace_id, list_ids)), gate.wishes_of(run.workspace_id)
    )


def _take_turn(workspace_id: UUID) -> None:
    """Wait for other claims of a workspace: of two campaigns claimed together, the later sees the earlier.

    What SQLite writes takes turns anyway.
    """
    db.session.execute(
        select(Workspace.id).where(Workspace.id == workspace_id).with_for_update(key_share=True)
    )


def _read(
    run: Run, batch_id: UUID, limits: _Limits, *, now: datetime
) -> tuple[list[Claimed], dict[UUID, SkipReason]]:
    """Return what of a batch may be sent, and why the rest may not."""
    rows = db.session.connection().execute(_question(limits), {"asked_batch": batch_id, **gate.moments(now)})
    workspace_id, campaign_id = run.workspace_id, run.campaign_id
    deliveries: list[Claimed] = []
    refused: dict[UUID, SkipReason] = {}
    # One object for equal ids that follow each other: then to compare them is to look at one address.
    message: Any = None
    on_list: Any = None
    for identifier, message_id, subscriber_id, list_id, email, values, attempt, tried_at, *row in rows.all():
        *reader, refusal = row
        if refusal is not None:
            refused[identifier] = SkipReason(refusal)
            continue
        message = message if message == message_id else message_id
        on_list = on_list if on_list == list_id else list_id
        deliveries.append(
            Claimed(
                identifier,
                batch_id,
                workspace_id,
                message,
                campaign_id,
                subscriber_id,
                on_list,
                email,
                values,
                attempt,
                tried_at,
                reader_of(*reader),
            )
        )
    return deliveries, refused


# Made once: to build these statements takes as long as to run them.
@lru_cache(maxsize=64)
def _question(limits: _Limits) -> Select[Any]:
    """Return the select of a batch's deliveries, each with why it may not be sent."""
    return (
        select(*_COLUMNS, *READER_COLUMNS, _refusal(limits, is_claim=True).label("refusal"))
        .select_from(_WITH_READERS)
        .where(
            _DELIVERIES.c.batch_id == bindparam("asked_batch"),
            _DELIVERIES.c.state == DeliveryState.PREPARED,
        )
        .order_by(_DELIVERIES.c.id)
    )


@lru_cache(maxsize=64)
def _refusal(limits: _Limits, *, is_claim: bool = False) -> ColumnElement[Any]:
    """Return why a delivery may not be sent at the moment of asking; its parameters are ``gate.moments``.

    :param is_claim: what other campaigns have under way counts as received; of two that were claimed
        before there was a cap, neither stops the other once more
    """
    has_had_enough = gate.frequency_refusal(
        Reader,
        list_id=_DELIVERIES.c.list_id,
        caps=limits.caps,
        received=partial(_received, is_claim=is_claim),
    )
    return gate.refusal(
        Reader,
        workspace_id=_DELIVERIES.c.workspace_id,
        lists=limits.list_ids,
        now=gate.NOW,
        has_had_enough=has_had_enough if limits.are_shared else None,
    )


def _received(
    subscriber_id: SQLColumnExpression[Any],
    since: ColumnElement[datetime],
    list_id: UUID | None,
    *,
    is_claim: bool,
) -> ColumnElement[int]:
    """Count the campaigns that servers accepted for a subscriber since a moment.

    :param is_claim: those that other campaigns have under way count, too
    """
    other = _DELIVERIES.alias()
    counted = and_(other.c.state == DeliveryState.ACCEPTED, other.c.ended_at > since)
    if is_claim:
        is_another = other.c.campaign_id != _DELIVERIES.c.campaign_id
        is_held = exists().where(Batch.id == other.c.batch_id, Batch.worker.is_not(None))
        counted = or_(counted, and_(other.c.state == DeliveryState.PREPARED, is_another, is_held))
    query = select(func.count()).where(
        other.c.subscriber_id == subscriber_id, other.c.campaign_id.is_not(None), counted
    )
    if list_id is not None:
        query = query.where(other.c.list_id == list_id)
    return query.correlate_except(other, Batch).scalar_subquery()
