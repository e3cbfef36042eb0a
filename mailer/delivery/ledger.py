"""The ledger: the only code that changes the state of a delivery.

Every change is one statement that names the state it comes from, and the campaign's
counts move in the same transaction, so that the audience is always the sum of the
states. ``claim`` hands the batches out; a try's outcome counts only from whoever holds
the delivery's batch.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    CursorResult,
    Table,
    Text,
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
from sqlalchemy.dialects import postgresql, sqlite

from mailer import signals
from mailer.consent.models import SuppressionReason
from mailer.consent.suppress import suppress
from mailer.current import settings
from mailer.db import Id, db
from mailer.delivery.engine.backoff import retry_delay
from mailer.delivery.engine.outcomes import LONGEST_REPLY, Outcome, Verdict
from mailer.delivery.models import (
    DEFERRED,
    GIVE_UP_AFTER_HOURS,
    NEXT_STATES,
    Attempt,
    Batch,
    Delivery,
    DeliveryCount,
    DeliveryState,
    Message,
    MessageKind,
    SendingLimits,
    SkipReason,
)
from mailer.delivery.sending_sums import Fared, Fate, count_fates, fates_of_try

#: A transactional message that is in doubt is sent again, under the same Message-ID, so soon.
_DOUBT_RETRY: Final = timedelta(seconds=30)


@dataclass(slots=True)
class Claimed:
    """A delivery whose batch one worker holds.

    Not frozen: a thousand are made at a time, and freezing doubles what that costs.

    :param attempt: tries that ended before this one
    :param reader: what a message can say about its reader, where that was read with the claim
    """

    id: UUID
    batch_id: UUID
    workspace_id: UUID
    message_id: UUID
    campaign_id: UUID | None
    subscriber_id: UUID | None
    list_id: UUID | None
    email: str
    values: dict[str, Any] | None
    attempt: int
    first_tried_at: datetime | None
    reader: dict[str, Any] | None = None

    @classmethod
    def of(cls, row: Any) -> "Claimed":
        """Read a row that was selected by :data:`CLAIMED_COLUMNS`, whatever follows them."""
        return cls(*row[: len(CLAIMED_COLUMNS)])


CLAIMED_COLUMNS: Final[tuple[Any, ...]] = (
    Delivery.id,
    Delivery.batch_id,
    Delivery.workspace_id,
    Delivery.message_id,
    Delivery.campaign_id,
    Delivery.subscriber_id,
    Delivery.list_id,
    Delivery.email,
    Delivery.values,
    Delivery.attempt,
    Delivery.first_tried_at,
)


@dataclass(slots=True)
class Result:
    """What one try came to."""

    delivery: Claimed
    outcome: Outcome


def hold(batches: Collection[UUID], *, worker: str, now: datetime) -> set[UUID]:
    """Lengthen a worker's lease on its batches, and lock them; return those that are still its own."""
    if not batches:
        return set()
    return set(
        db.session.scalars(
            update(Batch)
            .where(Batch.id.in_(batches), Batch.worker == worker)
            .values(lease_expires_at=now + timedelta(seconds=settings().lease_seconds))
            .returning(Batch.id)
            .execution_options(synchronize_session=False)
        )
    )


def record(
    results: Sequence[Result], *, worker: str, now: datetime, first_retry_seconds: float
) -> list[UUID]:
    """Write down how tries ended; return the deliveries that this worker had the right to write.

    One that was put in doubt meanwhile is set right when the answer came after all: it is
    still in this worker's batch, so nobody else can have sent it.
    """
    patience = _patience(results)
    held = hold({result.delivery.batch_id for result in results}, worker=worker, now=now)
    taken: list[Result] = []
    others: list[_End] = []
    late: list[_End] = []
    for result in results:
        if result.outcome.verdict is Verdict.ACCEPTED and result.delivery.batch_id in held:
            taken.append(result)
            continue
        end = _End.of(result, now=now, first_retry_seconds=first_retry_seconds, patience=patience)
        (others if result.delivery.batch_id in held else late).append(end)
    accepted = _write_accepted(taken, now=now)
    written = [
        *_write(others, origin=DeliveryState.PREPARED, now=now),
        *_write(late, origin=DeliveryState.IN_DOUBT, now=now),
    ]
    _note_attempts(written, now=now)
    _count_fates(accepted, written, now=now)
    _suppress([end for end in written if end.is_dead_address])
    ended = [*accepted, *(end.delivery for end in written if end.has_ended)]
    signals.tries_ended.send(accepted, others=written)
    _forget_secrets(ended)
    return [*(delivery.id for delivery in accepted), *(end.delivery.id for end in written)]


def put_back(batch_id: UUID, *, worker: str, due_at: datetime) -> None:
    """Let go of a batch: whatever of it was not tried may be claimed again at ``due_at``."""
    is_ours = (Batch.id == batch_id, Batch.worker == worker)
    is_done = ~exists().where(Delivery.batch_id == batch_id, Delivery.state == DeliveryState.PREPARED)
    gone = db.session.scalar(
        delete(Batch)
        .where(*is_ours, is_done)
        .returning(Batch.id)
        .execution_options(synchronize_session=False)
    )
    if gone is not None or _free_alone(batch_id, worker=worker, due_at=due_at):
        return
    db.session.execute(
        update(Batch)
        .where(*is_ours)
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
    tried = {"reply": reason, "attempt": Delivery.attempt + 1, "first_tried_at": _since(now)}
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
        next_try_at=now + _DOUBT_RETRY,
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
    _move(
        Delivery.batch_id == batch_id,
        deliveries,
        origin=DeliveryState.PREPARED,
        target=DeliveryState.SKIPPED,
        reason=reason,
        skip_reason=reason,
        ended_at=now,
    )


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
    """Put back what waits in a batch that is no more, which only a bug can leave; return how many."""
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


def count(campaign_id: UUID | None, changes: Counter[tuple[DeliveryState, str]]) -> None:
    """Move a campaign's counts."""
    # Always in the same order, so that two workers never wait for each other's rows.
    rows = [
        {"campaign_id": campaign_id, "state": state, "reason": reason, "count": change}
        for (state, reason), change in sorted(changes.items())
        if change
    ]
    if campaign_id is None or not rows:
        return
    dialect = postgresql if db.session.get_bind().dialect.name == "postgresql" else sqlite
    upsert = dialect.insert(DeliveryCount.__table__)
    db.session.execute(
        upsert.on_conflict_do_update(
            index_elements=["campaign_id", "state", "reason"],
            set_={"count": DeliveryCount.count + upsert.excluded.count},
        ),
        rows,
    )


def counts_of(campaign_id: UUID) -> Counter[DeliveryState]:
    """Return how many of a campaign's deliveries are in each state."""
    rows = db.session.execute(
        select(DeliveryCount.state, func.sum(DeliveryCount.count))
        .where(DeliveryCount.campaign_id == campaign_id)
        .group_by(DeliveryCount.state)
    )
    return Counter({state: int(number) for state, number in rows if number})


def recount(campaign_id: UUID) -> Counter[tuple[DeliveryState, str]]:
    """Count a campaign's deliveries one by one, and set its counts to the result."""
    rows = db.session.execute(
        select(Delivery.state, Delivery.skip_reason, func.count())
        .where(Delivery.campaign_id == campaign_id)
        .group_by(Delivery.state, Delivery.skip_reason)
    )
    found = Counter({(state, str(reason or "")): number for state, reason, number in rows})
    kept = {
        (row.state, row.reason): row.count
        for row in db.session.scalars(select(DeliveryCount).where(DeliveryCount.campaign_id == campaign_id))
    }
    differences = Counter({key: found[key] - kept.get(key, 0) for key in {*found, *kept}})
    count(campaign_id, differences)
    return found


#: As what an end counts in the sums of a domain.
_FATES: Final = {DeliveryState.ACCEPTED: Fate.ACCEPTED, DeliveryState.REJECTED: Fate.REJECTED}
_ENDED: Final = frozenset(state for state, following in NEXT_STATES.items() if not following)


@dataclass(frozen=True, slots=True)
class _End:
    """Where a try leaves its delivery.

    :param at: when it ended, or when it is tried again
    """

    delivery: Claimed
    outcome: Outcome
    state: DeliveryState
    reply: str
    at: datetime

    @property
    def has_ended(self) -> bool:
        return self.state in _ENDED

    @property
    def is_dead_address(self) -> bool:
        return self.state is DeliveryState.REJECTED and self.outcome.is_about_address

    @classmethod
    def of(
        cls, result: Result, *, now: datetime, first_retry_seconds: float, patience: Mapping[UUID, timedelta]
    ) -> "_End":
        delivery, outcome = result.delivery, result.outcome
        state, reply, at = _fate(
            delivery,
            outcome,
            now=now,
            first_retry_seconds=first_retry_seconds,
            patience=patience.get(delivery.workspace_id, timedelta(hours=GIVE_UP_AFTER_HOURS)),
        )
        return cls(delivery, outcome, state, reply[:LONGEST_REPLY], at)


def _patience(results: Iterable[Result]) -> dict[UUID, timedelta]:
    """Return how long workspaces keep trying what servers put off, where they chose it."""
    asking = {
        result.delivery.workspace_id
        for result in results
        if result.outcome.verdict is not Verdict.ACCEPTED and result.delivery.first_tried_at is not None
    }
    if not asking:
        return {}
    rows = db.session.execute(
        select(SendingLimits.workspace_id, SendingLimits.give_up_after_hours).where(
            SendingLimits.workspace_id.in_(asking)
        )
    )
    return {workspace_id: timedelta(hours=hours) for workspace_id, hours in rows}


def _fate(
    delivery: Claimed, outcome: Outcome, *, now: datetime, first_retry_seconds: float, patience: timedelta
) -> tuple[DeliveryState, str, datetime]:
    is_alone = delivery.campaign_id is None
    match outcome.verdict:
        case Verdict.ACCEPTED:
            return DeliveryState.ACCEPTED, outcome.reply, now
        case Verdict.REJECTED:
            return DeliveryState.REJECTED, outcome.reply, now
        case Verdict.IN_DOUBT if not is_alone:
            return DeliveryState.IN_DOUBT, outcome.reply, now
        case Verdict.IN_DOUBT:
            return DeliveryState.PREPARED, outcome.reply, now + _DOUBT_RETRY
        case Verdict.HELD if not is_alone:
            return DeliveryState.HELD, outcome.reply, now
    # Deferred; and one message alone has no campaign to stop: it waits until the cause is mended.
    if now - (delivery.first_tried_at or now) >= patience:
        return DeliveryState.REJECTED, f"Given up after {_in_words(patience)}: {outcome.reply}", now
    delay = timedelta(seconds=retry_delay(delivery.attempt + 1, first=first_retry_seconds))
    return DeliveryState.PREPARED, outcome.reply, now + delay


def _in_words(patience: timedelta) -> str:
    hours = round(patience.total_seconds() / 3600)
    number, unit = (hours // 24, "day") if hours % 24 == 0 else (hours, "hour")
    return f"1 {unit}" if number == 1 else f"{number} {unit}s"


def _write_accepted(results: Sequence[Result], *, now: datetime) -> Sequence[Claimed]:
    """Write what nearly every try comes to: one cached statement, whatever the number of rows."""
    if not results:
        return ()
    deliveries = [result.delivery for result in results]
    replies = [result.outcome.reply[:LONGEST_REPLY] for result in results]
    if db.session.get_bind().dialect.name == "postgresql":
        number = _accept_in_postgresql(deliveries, replies, now=now)
    else:
        number = _accept_in_sqlite(deliveries, replies, now=now)
    if number < len(deliveries):
        mine = (Delivery.id.in_([each.id for each in deliveries]), Delivery.ended_at == now)
        written = set(
            db.session.scalars(select(Delivery.id).where(*mine, Delivery.state == DeliveryState.ACCEPTED))
        )
        deliveries = [each for each in deliveries if each.id in written]
    for campaign_id, times in Counter([each.campaign_id for each in deliveries]).items():
        changes = {(DeliveryState.PREPARED, ""): -times, (DeliveryState.ACCEPTED, ""): times}
        count(campaign_id, Counter(changes))
    return deliveries


def _accept_in_postgresql(deliveries: Sequence[Claimed], replies: Sequence[str], *, now: datetime) -> int:
    """Write rows from two arrays: a ``VALUES`` list would take ten times as long to compile as to run."""
    rows = (
        func.unnest(
            bindparam(None, [each.id for each in deliveries], type_=ARRAY(Id())),
            bindparam(None, replies, type_=ARRAY(Text())),
        )
        .table_valued("id", "reply")
        .render_derived()
    )
    changed = db.session.execute(
        update(Delivery)
        .where(Delivery.id == rows.c.id, Delivery.state == DeliveryState.PREPARED)
        .values(
            state=DeliveryState.ACCEPTED,
            reply=rows.c.reply,
            attempt=Delivery.attempt + 1,
            first_tried_at=_since(now),
            ended_at=now,
        )
        .execution_options(synchronize_session=False)
    )
    return int(cast(CursorResult[Any], changed).rowcount)


def _accept_in_sqlite(deliveries: Sequence[Claimed], replies: Sequence[str], *, now: datetime) -> int:
    """Write row by row, through the driver itself: a parameter costs more to convert than to write."""
    at = now.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    changed = db.session.connection().exec_driver_sql(
        "UPDATE deliveries SET state = 'accepted', reply = ?, attempt = attempt + 1,"
        " first_tried_at = coalesce(first_tried_at, ?), ended_at = ?"
        " WHERE id = ? AND state = 'prepared'",
        [(reply, at, at, each.id.bytes) for each, reply in zip(deliveries, replies, strict=True)],
    )
    return int(changed.rowcount)


def _write(ends: Sequence[_End], *, origin: DeliveryState, now: datetime) -> Sequence[_End]:
    """Write outcomes of every kind, row by row: they are few."""
    if not ends:
        return ()
    still = set(
        db.session.execute(
            select(Delivery.id, Delivery.batch_id)
            .where(Delivery.id.in_([end.delivery.id for end in ends]), Delivery.state == origin)
            .with_for_update()
        )
    )
    done = [
        end
        for end in ends
        if (end.delivery.id, end.delivery.batch_id) in still and end.state in NEXT_STATES[origin]
    ]
    if not done:
        return ()
    table: Any = Delivery.__table__
    is_doubt_resolved = origin is DeliveryState.IN_DOUBT
    db.session.connection().execute(
        update(table)
        .where(table.c.id == bindparam("row_id"))
        .values(
            state=bindparam("new_state"),
            reply=bindparam("new_reply"),
            # A try that ended in doubt was counted then.
            attempt=table.c.attempt + (0 if is_doubt_resolved else 1),
            first_tried_at=func.coalesce(table.c.first_tried_at, literal(now, table.c.ended_at.type)),
            ended_at=bindparam("new_ended_at"),
            next_try_at=bindparam("new_next_try_at"),
            batch_id=bindparam("new_batch_id"),
        ),
        [
            {
                "row_id": end.delivery.id,
                "new_state": end.state,
                "new_reply": end.reply,
                "new_ended_at": end.at if end.has_ended else None,
                "new_next_try_at": end.at if end.state is DeliveryState.PREPARED else None,
                "new_batch_id": None if end.state is DeliveryState.PREPARED else end.delivery.batch_id,
            }
            for end in done
        ],
    )
    _count_ends(done, origin)
    return done


def _since(now: datetime) -> Any:
    """When the first try was: the three days until a delivery is given up begin with it."""
    return func.coalesce(Delivery.first_tried_at, literal(now, Delivery.ended_at.type))


def _count_ends(ends: Iterable[_End], origin: DeliveryState) -> None:
    by_campaign: dict[UUID | None, Counter[tuple[DeliveryState, str]]] = {}
    for end in ends:
        changes = by_campaign.setdefault(end.delivery.campaign_id, Counter())
        changes[origin, ""] -= 1
        changes[end.state, ""] += 1
    for campaign_id, changes in by_campaign.items():
        count(campaign_id, changes)


def _note_attempts(ends: Iterable[_End], *, now: datetime) -> None:
    rows = [
        {
            "workspace_id": end.delivery.workspace_id,
            "delivery_id": end.delivery.id,
            "number": end.delivery.attempt + 1,
            "outcome": end.outcome.verdict.value,
            "code": end.outcome.code,
            "reply": end.outcome.reply,
            "is_dead_address": end.is_dead_address,
            "created_at": now,
        }
        for end in ends
        if end.outcome.verdict is not Verdict.ACCEPTED
    ]
    if rows:
        db.session.execute(insert(Attempt), rows)


def _count_fates(accepted: Iterable[Claimed], ends: Iterable[_End], *, now: datetime) -> None:
    fared = [(delivery, Fate.ACCEPTED) for delivery in accepted]
    for end in ends:
        fates = fates_of_try(end.outcome.verdict.value, is_dead_address=end.is_dead_address)
        if end.state in _FATES:
            fates.append(_FATES[end.state])
        fared += [(end.delivery, fate) for fate in fates]
    count_fates(
        Fared(each.workspace_id, each.campaign_id, each.message_id, each.email, fate, now)
        for each, fate in fared
    )


def _suppress(refused: Sequence[_End]) -> None:
    """Mail addresses that a server called dead no more."""
    for end in refused:
        suppress(
            end.delivery.workspace_id,
            end.delivery.email,
            SuppressionReason.HARD_BOUNCE,
            detail=end.reply,
            delivery_id=end.delivery.id,
        )
    if refused:
        signals.addresses_refused.send([end.delivery.id for end in refused])


def _forget_secrets(ended: Iterable[Claimed]) -> None:
    """Drop the content of system messages that have ended: links in them are for their reader alone."""
    alone = [delivery.message_id for delivery in ended if delivery.campaign_id is None]
    if alone:
        db.session.execute(
            update(Message)
            .where(Message.id.in_(alone), Message.kind == MessageKind.SYSTEM)
            .values(html="", text="")
            .execution_options(synchronize_session=False)
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
    if target in _FATES:
        count_fates(Fared(*row, _FATES[target], changes["ended_at"]) for row in moved)
    if (origin, "") != (target, reason):
        for campaign_id, number in by_campaign.items():
            count(campaign_id, Counter({(origin, ""): -number, (target, reason): number}))
    return by_campaign.total()
