"""Recording how tries ended: thousands of acceptances in one statement, everything else row by row."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CursorResult,
    Table,
    Text,
    bindparam,
    func,
    insert,
    literal,
    select,
    update,
)

from mailer import signals
from mailer.columns import Id
from mailer.consent.models import SuppressionReason
from mailer.consent.suppress import suppress
from mailer.current import settings
from mailer.db import db
from mailer.delivery.engine.backoff import retry_delay
from mailer.delivery.engine.outcomes import LONGEST_REPLY, Outcome, Verdict
from mailer.delivery.ledger.claimed import Claimed, Result
from mailer.delivery.ledger.counts import count
from mailer.delivery.models import (
    GIVE_UP_AFTER_HOURS,
    NEXT_STATES,
    Attempt,
    Batch,
    Delivery,
    DeliveryState,
    Message,
    MessageKind,
    SendingLimits,
)
from mailer.delivery.sending_sums import Fared, Fate, count_fates, fates_of_try
from mailer.driver import Change

#: As what an end counts in the sums of a domain.
FATES: Final = {DeliveryState.ACCEPTED: Fate.ACCEPTED, DeliveryState.REJECTED: Fate.REJECTED}
#: A transactional message that is in doubt is sent again, under the same Message-ID, so soon.
DOUBT_RETRY: Final = timedelta(seconds=30)
# Made once, from tables: they run with every message that somebody waits for, and to make them
# takes several times as long.
_BATCHES: Final = cast(Table, Batch.__table__)
_HOLD: Final = Change(
    update(_BATCHES)
    .where(_BATCHES.c.id == bindparam("mine"), _BATCHES.c.worker == bindparam("holder"))
    .values(lease_expires_at=bindparam("until"))
    .returning(_BATCHES.c.id)
)
_MESSAGES: Final = cast(Table, Message.__table__)
_FORGET: Final = Change(
    update(_MESSAGES)
    .where(_MESSAGES.c.id == bindparam("ended"), _MESSAGES.c.kind == MessageKind.SYSTEM)
    .values(html="", text="")
)
_ABOUT: Final = attrgetter("workspace_id", "campaign_id", "message_id")
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


def record(
    results: Sequence[Result], *, held: Collection[UUID], now: datetime, first_retry_seconds: float
) -> list[UUID]:
    """Write down how tries ended; return the deliveries that their worker had the right to write.

    One that was put in doubt meanwhile is set right when the answer came after all: it is
    still in this worker's batch, so nobody else can have sent it.

    :param held: what :func:`hold` returned in this transaction about the batches of the results
    """
    patience = _patience(results)
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
    arrived = [result.delivery for result in accepted]
    _count_fates(arrived, written, now=now)
    _suppress([end for end in written if end.is_dead_address])
    signals.tries_ended.send(accepted, others=written)
    _forget_secrets([*arrived, *(end.delivery for end in written if end.has_ended)])
    return [*(delivery.id for delivery in arrived), *(end.delivery.id for end in written)]


def hold(batches: Collection[UUID], *, worker: str, now: datetime) -> set[UUID]:
    """Lengthen a worker's lease on its batches, and lock them; return those that are still its own."""
    until = now + timedelta(seconds=settings().lease_seconds)
    held = _HOLD.make(*({"mine": batch, "holder": worker, "until": until} for batch in batches))
    return {batch for (batch,) in held.rows}


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
            return DeliveryState.PREPARED, outcome.reply, now + DOUBT_RETRY
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


def _write_accepted(results: Sequence[Result], *, now: datetime) -> Sequence[Result]:
    """Write what nearly every try comes to: one cached statement, whatever the number of rows.

    :return: those that were written
    """
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
        results = [result for result in results if result.delivery.id in written]
    for campaign_id, times in Counter([result.delivery.campaign_id for result in results]).items():
        changes = {(DeliveryState.PREPARED, ""): -times, (DeliveryState.ACCEPTED, ""): times}
        count(campaign_id, Counter(changes))
    return results


def _accept_in_postgresql(deliveries: Sequence[Claimed], replies: Sequence[str], *, now: datetime) -> int:
    """Write rows from two arrays: a ``VALUES`` list would take ten times as long to compile as to run.

    They are named by their batches as well: by their ids alone, PostgreSQL reads the whole table
    rather than look up a thousand of them, until it has some hundred thousand rows.
    """
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
        .where(
            Delivery.batch_id.in_({each.batch_id for each in deliveries}),
            Delivery.id == rows.c.id,
            Delivery.state == DeliveryState.PREPARED,
        )
        .values(
            state=DeliveryState.ACCEPTED,
            reply=rows.c.reply,
            attempt=Delivery.attempt + 1,
            first_tried_at=since(now),
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
    # Those of one batch stand together, and are about one message nearly always.
    fared = [
        Fared(*about, [each.email for each in deliveries], Fate.ACCEPTED, now)
        for about, deliveries in groupby(accepted, key=_ABOUT)
    ]
    for end in ends:
        fates = fates_of_try(end.outcome.verdict.value, is_dead_address=end.is_dead_address)
        if end.state in FATES:
            fates.append(FATES[end.state])
        fared += [Fared(*_ABOUT(end.delivery), [end.delivery.email], fate, now) for fate in fates]
    count_fates(fared)


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
    _FORGET.make(*({"ended": delivery.message_id} for delivery in ended if delivery.campaign_id is None))


def since(now: datetime) -> Any:
    """When the first try was: the three days until a delivery is given up begin with it."""
    return func.coalesce(Delivery.first_tried_at, literal(now, Delivery.ended_at.type))
