"""Turning lists into deliveries: one row for each subscriber, made by the database itself."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final, NamedTuple, cast
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Insert,
    Select,
    Table,
    bindparam,
    case,
    func,
    literal,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from mailer import signals
from mailer.audience.models import Subscriber, Subscription, SubscriptionStatus
from mailer.columns import Id, new_id
from mailer.db import begin_reading, db, let_others_write
from mailer.delivery import ledger
from mailer.delivery.claim import BATCH
from mailer.delivery.models import Batch, Delivery, DeliveryState, Run, RunMessage
from mailer.driver import Change, Inserted, insert_rows
from mailer.jobs import DELIVER_DUE, later
from mailer.lib.clock import utcnow
from mailer.lib.ids import uuid7

#: Made in one transaction. On SQLite nobody else writes meanwhile: beside programs that post, one time in
#: ten 250 took 18 ms, and 125 take 11; in all that costs 4 µs more each. PostgreSQL's writers do not wait
#: for each other.
_SLICES: Final = {"sqlite": 125, "postgresql": BATCH}
#: A batch whose maker died is claimed as it is, after so long.
_MAKING: Final = timedelta(seconds=30)
#: A run whose maker died is taken over after so long: some hundred times what a step takes.
_TURN: Final = timedelta(seconds=10)
#: Before and after all subscribers.
_FIRST: Final = UUID(int=0)
_LAST: Final = UUID(int=2**128 - 1)
_RUNS: Final = cast(Table, Run.__table__)
_ADVANCE: Final = Change(
    update(_RUNS)
    .where(
        _RUNS.c.campaign_id == bindparam("asked_campaign"),
        _RUNS.c.prepared_at.is_(None),
        _RUNS.c.prepare_pass == bindparam("from_pass"),
        _RUNS.c.prepare_after.is_not_distinct_from(bindparam("from_after", type_=Id())),
    )
    .values(
        prepare_pass=bindparam("to_pass"),
        prepare_after=bindparam("to_after"),
        preparing_until=bindparam("until"),
    )
)
_BATCHES: Final = Inserted(Batch, "id", "created_at", "campaign_id", "due_at")


@dataclass(frozen=True)
class _Pass:
    list_id: UUID
    status: SubscriptionStatus


class _Mark(NamedTuple):
    """Up to where a run was prepared: a pass, and a subscriber in it."""

    number: int
    after: UUID | None


def prepare_campaign(campaign_id: UUID) -> None:
    """Make all deliveries of a campaign, batch by batch so that sending begins at once.

    By one worker at a time, since all would wait for the same rows; a sweep asks every 5 seconds
    while it lasts, in case that the one has died.
    """
    if not _take_turn(campaign_id, now=utcnow()):
        db.session.rollback()
        return
    run = db.session.get_one(Run, campaign_id)
    db.session.commit()
    is_more, insertions = True, dict[_Pass, Insert]()
    while is_more:
        is_more = prepare_next(run, now=utcnow(), insertions=insertions)
    db.session.commit()


def prepare_next(
    run: Run, *, now: datetime, rows: int = BATCH, insertions: dict[_Pass, Insert] | None = None
) -> bool:
    """Make the next batch of deliveries, committing as it goes; return whether to go on.

    Safe to run twice and side by side: who is already there stays as they are, and of two that
    began at the same point only one moves the run on. The other leaves it to them.

    Those who left a list are in its audience too: the gate skips them, and the report
    can say so. Those who never confirmed are not. Everybody active comes first, so that
    the List-ID is of a list that the reader is on.

    :param insertions: keeps the run's statements from one batch to the next: to make one takes as
        long as the database takes to write a hundred rows
    """
    begin_reading()
    passes = _passes(run)
    if run.prepared_at is not None or run.prepare_pass >= len(passes):
        return _finish(run, now=now)
    campaign_id, batch_id, is_there, is_ours = run.campaign_id, uuid7(), False, True
    current = passes[run.prepare_pass]
    marks = _marks(run, current, rows=rows)
    insertions = {} if insertions is None else insertions
    if current not in insertions:
        insertions[current] = _insertion(run, current)
    for begin, end in pairwise(marks):
        db.session.commit()
        let_others_write()
        if not _advance(campaign_id, begin, end, now=utcnow()):
            is_ours = False
            break
        made = _insert(
            insertions[current],
            {
                "asked_after": begin.after or _FIRST,
                "asked_up_to": end.after or _LAST,
                "new_batch": batch_id,
                "made_at": now,
            },
        )
        if made:
            ledger.count(campaign_id, Counter({(DeliveryState.PREPARED, ""): made}))
        if made and not is_there:
            batch = {"id": batch_id, "created_at": now, "campaign_id": campaign_id, "due_at": now + _MAKING}
            insert_rows({_BATCHES: [batch]})
            is_there = True
    if is_there:
        _make_due(batch_id, now=now)
    db.session.commit()
    return is_ours


def _passes(run: Run) -> list[_Pass]:
    lists = [UUID(list_id) for list_id in run.list_ids]
    return [
        _Pass(list_id, status)
        for status in (SubscriptionStatus.ACTIVE, SubscriptionStatus.UNSUBSCRIBED)
        for list_id in lists
    ]


def _finish(run: Run, *, now: datetime) -> bool:
    campaign_id = run.campaign_id
    db.session.commit()
    finished = db.session.execute(
        update(Run)
        .where(Run.campaign_id == campaign_id, Run.prepared_at.is_(None))
        .values(prepared_at=now)
        .returning(Run.campaign_id)
    ).scalar()
    if finished is not None:
        signals.campaign_prepared.send(campaign_id)
        # Also when there is nobody: whoever looks for work finds that nothing waits.
        later(DELIVER_DUE)
    return False


def _marks(run: Run, current: _Pass, *, rows: int) -> list[_Mark]:
    """Return where the run stands, and up to where each of the next batch's transactions takes it."""
    marks = [_Mark(run.prepare_pass, run.prepare_after)]
    size = min(rows, _SLICES[db.session.get_bind().dialect.name])
    for _ in range(0, rows, size):
        here = marks[-1]
        end = db.session.scalar(
            select(Subscription.subscriber_id)
            .where(*_members(current), Subscription.subscriber_id > (here.after or _FIRST))
            .order_by(Subscription.subscriber_id)
            .offset(size - 1)
            .limit(1)
        )
        if end is None:
            # The pass's last: whoever comes meanwhile is made as well.
            marks.append(_Mark(here.number + 1, None))
            break
        marks.append(_Mark(here.number, end))
    return marks


def _take_turn(campaign_id: UUID, *, now: datetime) -> bool:
    """Begin to prepare a run; False when somebody else is at it, or nothing is left to make."""
    taken = db.session.scalar(
        update(Run)
        .where(
            Run.campaign_id == campaign_id,
            Run.prepared_at.is_(None),
            or_(Run.preparing_until.is_(None), Run.preparing_until < now),
        )
        .values(preparing_until=now + _TURN)
        .returning(Run.campaign_id)
        .execution_options(synchronize_session=False)
    )
    return taken is not None


def _advance(campaign_id: UUID, begin: _Mark, end: _Mark, *, now: datetime) -> bool:
    """Move the run's mark on; False when someone else did so first, or the run was cancelled."""
    moved = _ADVANCE.make(
        {
            "asked_campaign": campaign_id,
            "from_pass": begin.number,
            "from_after": begin.after,
            "to_pass": end.number,
            "to_after": end.after,
            "until": now + _TURN,
        }
    )
    return moved.number > 0


def _insert(insertion: Insert, about: dict[str, Any]) -> int:
    result = db.session.connection().execute(insertion, about, execution_options={"preserve_rowcount": True})
    return result.rowcount


def _make_due(batch_id: UUID, *, now: datetime) -> None:
    """Let the batch be claimed: it is whole, or someone else makes the rest."""
    db.session.execute(
        update(Batch)
        .where(Batch.id == batch_id, Batch.worker.is_(None))
        .values(due_at=now)
        .execution_options(synchronize_session=False)
    )
    later(DELIVER_DUE)


def _insertion(run: Run, current: _Pass) -> Insert:
    """Return what makes a batch's deliveries.

    Its parameters are ``asked_after`` and ``asked_up_to``, ``new_batch`` and ``made_at``.
    """
    is_postgresql = db.session.get_bind().dialect.name == "postgresql"
    dialect: Any = postgresql if is_postgresql else sqlite
    readers = _each_reader(run) if is_postgresql else _readers(run).subquery()
    reader = readers.c
    columns: dict[Any, ColumnElement[Any]] = {
        Delivery.id: new_id(),
        Delivery.created_at: bindparam("made_at", type_=Delivery.created_at.type),
        Delivery.workspace_id: literal(run.workspace_id, Delivery.workspace_id.type),
        Delivery.message_id: reader.message_id,
        Delivery.campaign_id: literal(run.campaign_id, Delivery.campaign_id.type),
        Delivery.subscriber_id: reader.id,
        Delivery.list_id: literal(current.list_id, Delivery.list_id.type),
        Delivery.email: reader.email,
        Delivery.state: literal(DeliveryState.PREPARED, Delivery.state.type),
        Delivery.attempt: literal(0),
        Delivery.crash_count: literal(0),
        Delivery.reply: literal(""),
        Delivery.batch_id: bindparam("new_batch", type_=Delivery.batch_id.type),
    }
    after, up_to = bindparam("asked_after", type_=Id()), bindparam("asked_up_to", type_=Id())
    people = (
        select(*columns.values())
        .select_from(Subscription)
        .join(readers, reader.id == Subscription.subscriber_id)
        .where(*_members(current), Subscription.subscriber_id > after, Subscription.subscriber_id <= up_to)
    )
    for _, narrowing in signals.narrowing_wanted.send(run):
        people = people.where(*narrowing)
    insertion: Insert = (
        dialect.insert(Delivery.__table__)
        .from_select([column.name for column in columns], people, include_defaults=False)
        .on_conflict_do_nothing(index_elements=["subscriber_id", "campaign_id"])
    )
    return insertion


def _each_reader(run: Run) -> FromClause:
    """Return the reader of one subscription, so that PostgreSQL looks each up by their id.

    Left to itself it chooses by its statistics, to which people who came since they were taken are
    nobody at all: then any plan is good enough, also to compare each of a thousand
    subscriptions with each of a thousand subscribers. It does not see through an OFFSET.
    """
    one = _readers(run).where(Subscriber.id == Subscription.subscriber_id).offset(literal_column("0"))
    return one.correlate(Subscription).lateral()


def _readers(run: Run) -> Select[UUID, str, UUID]:
    message = _message_for_reader(run).label("message_id")
    return select(Subscriber.id, Subscriber.email, message).where(Subscriber.workspace_id == run.workspace_id)


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


def _members(current: _Pass) -> list[Any]:
    return [Subscription.list_id == current.list_id, Subscription.status == current.status]
