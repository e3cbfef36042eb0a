"""Finding what was left lying: dead workers' claims, work that nobody was told of, runs at their end.

The broker only rings the bell. Whatever it lost or doubled, this puts right every few
seconds from the rows alone.
"""

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, exists, func, select

from mailer.current import settings
from mailer.db import db
from mailer.delivery import journal, ledger, runs
from mailer.delivery.claim_alone import is_anyone_due
from mailer.delivery.journal import Story
from mailer.delivery.ledger import CLAIMED_COLUMNS, Claimed, Result
from mailer.delivery.models import Batch, Delivery, DeliveryState, Run
from mailer.jobs import DELIVER_DUE, DELIVER_TRANSACTIONAL, PREPARE_CAMPAIGN, later

log = logging.getLogger(__name__)

#: A row that was being composed so often when its worker died is taken to be the cause.
CRASH_LIMIT: Final = 3
_CRASH_DELAY: Final = timedelta(seconds=20)
_BATCHES_AT_ONCE: Final = 100


def sweep_deliveries(*, now: datetime) -> None:
    """Put right what a dead process, host or broker left behind; commits as it goes."""
    given = settings()
    folder, first_retry_seconds = journal.folder(given.data_dir), given.retry_first_seconds
    for story in journal.orphans(folder):
        _replay(story, now=now, first_retry_seconds=first_retry_seconds)
        db.session.commit()
    _expire_leases(journal.living(folder), now=now)
    db.session.commit()
    _nudge_runs(now=now)
    _nudge_alone(now=now)
    db.session.commit()


def _replay(story: Story, *, now: datetime, first_retry_seconds: float) -> None:
    """Bring the ledger up to what a dead worker had done."""
    claims = {claim.id: claim for claim in _claims_of(story.worker)}
    answered = [
        Result(claims[identifier], outcome)
        for identifier, outcome in story.answers.items()
        if identifier in claims
    ]
    held = ledger.hold({result.delivery.batch_id for result in answered}, worker=story.worker, now=now)
    ledger.record(answered, held=held, now=now, first_retry_seconds=first_retry_seconds)
    for batch_id in _batches_of(story.worker):
        open_claims = {
            claim.id for claim in claims.values() if claim.batch_id == batch_id
        } - story.answers.keys()
        in_doubt = open_claims & story.intents if story.is_whole else open_claims
        ledger.put_in_doubt(batch_id, in_doubt, reason="The worker died after the final dot.", now=now)
        suspects = (open_claims - in_doubt) & story.composing
        deadly = _crashed_too_often(suspects)
        ledger.reject(
            deadly,
            batch_id=batch_id,
            reason=f"Its worker died {CRASH_LIMIT} times while composing it.",
            now=now,
        )
        ledger.note_crash(suspects - deadly, batch_id=batch_id, until=now + _CRASH_DELAY)
        ledger.put_back(batch_id, worker=story.worker, due_at=now)
        log.warning(
            "A worker died with %d claims: %d were answered, %d are in doubt, the others go back.",
            len(claims),
            len(answered),
            len(in_doubt),
        )


def _batches_of(worker: str) -> Sequence[UUID]:
    return db.session.scalars(select(Batch.id).where(Batch.worker == worker)).all()


def _claims_of(worker: str) -> Iterator[Claimed]:
    rows = db.session.execute(
        select(*CLAIMED_COLUMNS)
        .join(Batch, Batch.id == Delivery.batch_id)
        .where(Batch.worker == worker, Delivery.state == DeliveryState.PREPARED)
    )
    return map(Claimed.of, rows.all())


def _crashed_too_often(suspects: set[UUID]) -> set[UUID]:
    return set(
        db.session.scalars(
            select(Delivery.id).where(
                Delivery.id.in_(list(suspects)), Delivery.crash_count >= CRASH_LIMIT - 1
            )
        )
    )


def _expire_leases(living: set[str], *, now: datetime) -> None:
    """Put in doubt what a worker claimed whose journal nobody here can read.

    Its host may be gone, or only slow: in either case what it sent cannot be known. One
    whose journal is here is alive, since the dead ones' were just replayed.
    """
    overdue = db.session.execute(
        select(Batch.id, Batch.worker)
        .where(Batch.worker.is_not(None), Batch.lease_expires_at < now)
        .limit(_BATCHES_AT_ONCE)
    ).all()
    for batch_id, worker in overdue:
        if worker in living:
            continue
        taken_away = db.session.scalar(
            delete(Batch)
            .where(Batch.id == batch_id, Batch.worker == worker, Batch.lease_expires_at < now)
            .returning(Batch.id)
            .execution_options(synchronize_session=False)
        )
        if taken_away is not None:
            ledger.put_in_doubt(batch_id, None, reason="Its worker was not heard of again.", now=now)


def _nudge_runs(*, now: datetime) -> None:
    """End what is done, and ring for what is due."""
    is_work_left = False
    for run in db.session.scalars(select(Run).where(Run.ended_at.is_(None))).all():
        if runs.end_when_quiet(run.campaign_id, now=now) or run.stopped_at is not None:
            continue
        if run.prepared_at is None and (run.preparing_until or now) <= now:
            later(PREPARE_CAMPAIGN, str(run.campaign_id))
        if _has_due(run, now=now):
            is_work_left = True
        else:
            _adopt_orphans(run, now=now)
    if is_work_left:
        later(DELIVER_DUE)


def _has_due(run: Run, *, now: datetime) -> bool:
    is_waiting = exists().where(
        Batch.campaign_id == run.campaign_id, Batch.worker.is_(None), Batch.due_at <= now
    )
    is_retry_due = exists().where(Delivery.campaign_id == run.campaign_id, Delivery.next_try_at <= now)
    return bool(db.session.scalar(select(is_waiting | is_retry_due)))


def _adopt_orphans(run: Run, *, now: datetime) -> None:
    """Look whether all that waits has a place to wait in, once nothing else is left to do."""
    if run.prepared_at is None or _batch_count(run) or not runs.waiting_count(run.campaign_id):
        return
    adopted = ledger.adopt_orphans(run.campaign_id, now=now)
    if adopted:
        log.warning("%d deliveries of campaign %s were in no batch; they go on.", adopted, run.campaign_id)


def _batch_count(run: Run) -> int:
    query = select(func.count()).select_from(Batch).where(Batch.campaign_id == run.campaign_id)
    return db.session.scalar(query) or 0


def _nudge_alone(*, now: datetime) -> None:
    if is_anyone_due(now=now):
        later(DELIVER_TRANSACTIONAL)
