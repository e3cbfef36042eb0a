"""The ledger: the only code that changes the state of a delivery.

Every change is one statement that names the state it comes from, and the campaign's
counts move in the same transaction, so that the audience is always the sum of the
states. ``claim`` writes here too, in a file of its own.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Integer, String, and_, case, column, func, insert, select, update, values
from sqlalchemy.dialects import postgresql, sqlite

from mailer import signals
from mailer.consent.models import SuppressionReason
from mailer.consent.suppress import suppress
from mailer.db import Id, UtcDateTime, db
from mailer.delivery.engine.backoff import retry_delay
from mailer.delivery.engine.outcomes import LONGEST_REPLY, Outcome, Verdict
from mailer.delivery.models import (
    NEXT_STATES,
    Attempt,
    Delivery,
    DeliveryCount,
    DeliveryState,
    Message,
    MessageKind,
    SkipReason,
)

#: A delivery that a server keeps putting off is given up after this long.
GIVE_UP_AFTER: Final = timedelta(days=3)
#: A transactional message that is in doubt is sent again, under the same Message-ID, so soon.
_DOUBT_RETRY: Final = timedelta(seconds=30)
_ROWS_PER_STATEMENT: Final = 500


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that one worker holds."""

    id: UUID
    workspace_id: UUID
    message_id: UUID
    campaign_id: UUID | None
    subscriber_id: UUID | None
    list_id: UUID | None
    email: str
    values: dict[str, Any] | None
    attempt: int
    first_tried_at: datetime

    @classmethod
    def of(cls, row: Any) -> "Claimed":
        """Read a row that was selected by :data:`CLAIMED_COLUMNS`, whatever follows them."""
        return cls(*row[: len(CLAIMED_COLUMNS)])


CLAIMED_COLUMNS: Final[tuple[Any, ...]] = (
    Delivery.id,
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


@dataclass(frozen=True, slots=True)
class Result:
    """What one try came to."""

    delivery: Claimed
    outcome: Outcome


def record(
    results: Sequence[Result], *, worker: str, now: datetime, first_retry_seconds: float
) -> list[UUID]:
    """Write down how tries ended; return the deliveries that were still this worker's.

    One that was put in doubt meanwhile is set right when the answer came after all: the
    worker's name is unique to its batch, so nobody else can have sent it.
    """
    ends = {
        result.delivery.id: _End.of(result, now=now, first_retry_seconds=first_retry_seconds)
        for result in results
    }
    written = []
    for origin in (DeliveryState.CLAIMED, DeliveryState.IN_DOUBT):
        open_ends = [end for identifier, end in ends.items() if identifier not in written]
        allowed = [end for end in open_ends if end.state in NEXT_STATES[origin]]
        written += _write(allowed, worker=worker, origin=origin)
    _note_attempts([ends[identifier] for identifier in written], now=now)
    _forget_secrets(ends[identifier] for identifier in written if ends[identifier].has_ended)
    _suppress([ends[identifier] for identifier in written if ends[identifier].is_dead_address])
    return written


def release(
    deliveries: Iterable[UUID], *, worker: str, next_try_at: datetime, crashed: Iterable[UUID] = ()
) -> None:
    """Give back claims that were not tried; a crash counts against whoever was being composed."""
    crashed = set(crashed)
    for group, is_crash in ((set(deliveries) - crashed, 0), (crashed, 1)):
        _move(
            Delivery.worker == worker,
            group,
            origin=DeliveryState.CLAIMED,
            target=DeliveryState.PREPARED,
            worker=None,
            lease_expires_at=None,
            next_try_at=next_try_at,
            attempt=Delivery.attempt - 1,
            # The three days until it is given up begin with a try, not with a claim.
            first_tried_at=case((Delivery.attempt > 1, Delivery.first_tried_at)),
            crash_count=Delivery.crash_count + is_crash,
        )


def put_in_doubt(deliveries: Iterable[UUID], *, worker: str, reason: str, now: datetime) -> None:
    """Park campaign deliveries that may have been taken over, and try transactional ones again."""
    chosen = list(deliveries)
    rows = db.session.execute(
        select(Delivery.id, Delivery.workspace_id, Delivery.attempt, Delivery.campaign_id).where(
            Delivery.id.in_(chosen), Delivery.worker == worker, Delivery.state == DeliveryState.CLAIMED
        )
    ).all()
    parked = [row.id for row in rows if row.campaign_id is not None]
    again = [row.id for row in rows if row.campaign_id is None]
    mine = Delivery.worker == worker
    # The worker stays named: if it lives after all, its answer still counts.
    _move(mine, parked, origin=DeliveryState.CLAIMED, target=DeliveryState.IN_DOUBT, reply=reason)
    _move(
        mine,
        again,
        origin=DeliveryState.CLAIMED,
        target=DeliveryState.PREPARED,
        reply=reason,
        worker=None,
        lease_expires_at=None,
        next_try_at=now + _DOUBT_RETRY,
    )
    if rows:
        db.session.execute(
            insert(Attempt),
            [
                {
                    "workspace_id": row.workspace_id,
                    "delivery_id": row.id,
                    "number": row.attempt,
                    "outcome": Verdict.IN_DOUBT,
                    "reply": reason,
                }
                for row in rows
            ],
        )


def reject(deliveries: Iterable[UUID], *, worker: str, reason: str, now: datetime) -> None:
    """End claims that can never be sent, for a reason that no server gave."""
    _move(
        Delivery.worker == worker,
        deliveries,
        origin=DeliveryState.CLAIMED,
        target=DeliveryState.REJECTED,
        reply=reason[:LONGEST_REPLY],
        ended_at=now,
        worker=None,
        lease_expires_at=None,
    )


def skip(deliveries: Iterable[UUID], reason: SkipReason, *, worker: str, now: datetime) -> None:
    """End claims that the gate no longer lets through."""
    _move(
        Delivery.worker == worker,
        deliveries,
        origin=DeliveryState.CLAIMED,
        target=DeliveryState.SKIPPED,
        reason=reason,
        skip_reason=reason,
        ended_at=now,
        worker=None,
        lease_expires_at=None,
    )


def skip_waiting(campaign_id: UUID, reason: SkipReason, *, now: datetime) -> int:
    """End everything of a campaign that nobody has claimed; return how many there were."""
    return _move(
        Delivery.campaign_id == campaign_id,
        None,
        origin=DeliveryState.PREPARED,
        target=DeliveryState.SKIPPED,
        reason=reason,
        skip_reason=reason,
        ended_at=now,
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
        worker=None,
        lease_expires_at=None,
    )


def send_again(campaign_id: UUID, *, now: datetime, deliveries: Iterable[UUID] | None = None) -> int:
    """Resolve doubt by sending once more, under the same Message-ID; return how many there were."""
    return _move(
        Delivery.campaign_id == campaign_id,
        deliveries,
        origin=DeliveryState.IN_DOUBT,
        target=DeliveryState.PREPARED,
        next_try_at=now,
        worker=None,
        lease_expires_at=None,
    )


def mark_arrived(campaign_id: UUID, *, now: datetime, deliveries: Iterable[UUID] | None = None) -> int:
    """Resolve doubt by evidence that the message is there; return how many there were."""
    return _move(
        Delivery.campaign_id == campaign_id,
        deliveries,
        origin=DeliveryState.IN_DOUBT,
        target=DeliveryState.ACCEPTED,
        ended_at=now,
        worker=None,
        lease_expires_at=None,
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


#: As text: the rows of a VALUES list have no enumerations.
_ENDED: Final = [state.value for state, following in NEXT_STATES.items() if not following]


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
        return self.state.value in _ENDED

    @property
    def is_dead_address(self) -> bool:
        return self.state is DeliveryState.REJECTED and self.outcome.is_about_address

    def as_row(self) -> tuple[Any, ...]:
        delivery = self.delivery
        return delivery.id, delivery.attempt, self.state.value, self.reply, self.at

    @classmethod
    def of(cls, result: Result, *, now: datetime, first_retry_seconds: float) -> "_End":
        delivery, outcome = result.delivery, result.outcome
        state, reply, at = _fate(delivery, outcome, now=now, first_retry_seconds=first_retry_seconds)
        return cls(delivery, outcome, state, reply[:LONGEST_REPLY], at)


def _fate(
    delivery: Claimed, outcome: Outcome, *, now: datetime, first_retry_seconds: float
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
    if now - delivery.first_tried_at >= GIVE_UP_AFTER:
        return DeliveryState.REJECTED, f"Given up after {GIVE_UP_AFTER.days} days: {outcome.reply}", now
    delay = timedelta(seconds=retry_delay(delivery.attempt, first=first_retry_seconds))
    return DeliveryState.PREPARED, outcome.reply, now + delay


def _write(ends: Sequence[_End], *, worker: str, origin: DeliveryState) -> list[UUID]:
    written: list[UUID] = []
    for start in range(0, len(ends), _ROWS_PER_STATEMENT):
        part = ends[start : start + _ROWS_PER_STATEMENT]
        rows = (
            values(
                column("id", Id()),
                column("attempt", Integer()),
                column("state", String()),
                column("reply", String()),
                # Every row has one, so that PostgreSQL can tell the column's type.
                column("at", UtcDateTime()),
                name="ends",
            )
            .data([end.as_row() for end in part])
            .cte("ends")
        )
        statement = (
            update(Delivery)
            .where(
                Delivery.id == rows.c.id,
                # The fence: an answer counts only under the claim that it was got with.
                and_(Delivery.worker == worker, Delivery.attempt == rows.c.attempt),
                Delivery.state == origin,
            )
            .values(
                state=rows.c.state,
                reply=rows.c.reply,
                ended_at=case((rows.c.state.in_(_ENDED), rows.c.at)),
                next_try_at=case((rows.c.state == DeliveryState.PREPARED.value, rows.c.at)),
                lease_expires_at=None,
                # Kept while in doubt: if the worker lives after all, its answer still counts.
                worker=case((rows.c.state == DeliveryState.IN_DOUBT.value, Delivery.worker)),
            )
            .returning(Delivery.id)
            .execution_options(synchronize_session=False)
        )
        done = set(db.session.scalars(statement))
        written += done
        _count_ends([end for end in part if end.delivery.id in done], origin)
    return written


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
            "number": end.delivery.attempt,
            "outcome": end.outcome.verdict.value,
            "code": end.outcome.code,
            "reply": end.outcome.reply,
            "created_at": now,
        }
        for end in ends
        if end.outcome.verdict is not Verdict.ACCEPTED
    ]
    if rows:
        db.session.execute(insert(Attempt), rows)


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


def _forget_secrets(ends: Iterable[_End]) -> None:
    """Drop the content of system messages that have ended: links in them are for their reader alone."""
    alone = [end.delivery.message_id for end in ends if end.delivery.campaign_id is None]
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
        .returning(Delivery.campaign_id)
        .execution_options(synchronize_session=False)
    ).scalars()
    by_campaign = Counter(moved)
    for campaign_id, number in by_campaign.items():
        count(campaign_id, Counter({(origin, ""): -number, (target, reason): number}))
    return by_campaign.total()
