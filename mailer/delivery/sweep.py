"""Finding what was left lying: dead workers' claims, work that nobody was told of, runs at their end.

The broker only rings the bell. Whatever it lost or doubled, this puts right every few
seconds from the rows alone.
"""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import exists, select

from mailer.current import settings
from mailer.db import db
from mailer.delivery import journal, ledger, runs
from mailer.delivery.journal import Story
from mailer.delivery.ledger import CLAIMED_COLUMNS, Claimed, Result
from mailer.delivery.models import Delivery, DeliveryState, Run
from mailer.jobs import DELIVER_BATCH, DELIVER_TRANSACTIONAL, PREPARE_CAMPAIGN, later

log = logging.getLogger(__name__)

#: A row that was being composed so often when its worker died is taken to be the cause.
CRASH_LIMIT: Final = 3
_CRASH_DELAY: Final = timedelta(seconds=20)
_ALONE_AT_ONCE: Final = 500
_LEASES_AT_ONCE: Final = 2_000


def sweep_deliveries(*, now: datetime) -> None:
    """Put right what a dead process, host or broker left behind; commits as it goes."""
    given = settings()
    folder, first_retry_seconds = journal.folder(given.data_dir), given.retry_first_seconds
    lanes = given.campaign_workers * given.worker_threads
    for story in journal.orphans(folder):
        _replay(story, now=now, first_retry_seconds=first_retry_seconds)
        db.session.commit()
    _expire_leases(journal.living(folder), now=now)
    db.session.commit()
    _nudge_runs(now=now, lanes=lanes)
    _nudge_alone(now=now)
    db.session.commit()


def _replay(story: Story, *, now: datetime, first_retry_seconds: float) -> None:
    """Bring the ledger up to what a dead worker had done."""
    claims = {claim.id: claim for claim in _claims_of(story.worker)}
    if not claims:
        return
    answered = [
        Result(claims[identifier], outcome)
        for identifier, outcome in story.answers.items()
        if identifier in claims
    ]
    ledger.record(answered, worker=story.worker, now=now, first_retry_seconds=first_retry_seconds)
    open_claims = claims.keys() - story.answers.keys()
    in_doubt = open_claims & story.intents if story.is_whole else open_claims
    ledger.put_in_doubt(in_doubt, worker=story.worker, reason="The worker died after the final dot.", now=now)
    untouched = open_claims - in_doubt
    suspects = untouched & story.composing
    deadly = _crashed_too_often(suspects)
    ledger.reject(
        deadly,
        worker=story.worker,
        reason=f"Its worker died {CRASH_LIMIT} times while composing it.",
        now=now,
    )
    ledger.release(suspects - deadly, worker=story.worker, next_try_at=now + _CRASH_DELAY, crashed=suspects)
    ledger.release(untouched - suspects, worker=story.worker, next_try_at=now)
    log.warning(
        "A worker died with %d claims: %d were answered, %d are in doubt, %d go back.",
        len(claims),
        len(answered),
        len(in_doubt),
        len(untouched),
    )


def _claims_of(worker: str) -> Iterator[Claimed]:
    rows = db.session.execute(
        select(*CLAIMED_COLUMNS).where(Delivery.worker == worker, Delivery.state == DeliveryState.CLAIMED)
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
        select(Delivery.worker, Delivery.id)
        .where(Delivery.state == DeliveryState.CLAIMED, Delivery.lease_expires_at < now)
        .limit(_LEASES_AT_ONCE)
    ).all()
    by_worker: dict[str, list[UUID]] = {}
    for worker, identifier in overdue:
        if worker not in living:
            by_worker.setdefault(str(worker), []).append(identifier)
    for worker, deliveries in by_worker.items():
        ledger.put_in_doubt(deliveries, worker=worker, reason="Its worker was not heard of again.", now=now)


def _nudge_runs(*, now: datetime, lanes: int) -> None:
    """End what is done, and ring for what is due in as many lanes as stand empty."""
    for run in db.session.scalars(select(Run).where(Run.ended_at.is_(None))).all():
        campaign_id = str(run.campaign_id)
        if runs.end_when_quiet(run.campaign_id, now=now) or run.stopped_at is not None:
            continue
        if run.prepared_at is None:
            later(PREPARE_CAMPAIGN, campaign_id)
        if _has_due(run, now=now):
            for _ in range(max(0, lanes - _lanes_in_use(run))):
                later(DELIVER_BATCH, campaign_id)


def _has_due(run: Run, *, now: datetime) -> bool:
    return bool(
        db.session.scalar(
            select(
                exists().where(
                    Delivery.campaign_id == run.campaign_id,
                    Delivery.state == DeliveryState.PREPARED,
                    Delivery.next_try_at <= now,
                )
            )
        )
    )


def _lanes_in_use(run: Run) -> int:
    return len(
        db.session.execute(
            select(Delivery.worker)
            .where(Delivery.campaign_id == run.campaign_id, Delivery.state == DeliveryState.CLAIMED)
            .distinct()
        ).all()
    )


def _nudge_alone(*, now: datetime) -> None:
    due = db.session.scalars(
        select(Delivery.id)
        .where(
            Delivery.campaign_id.is_(None),
            Delivery.state == DeliveryState.PREPARED,
            Delivery.next_try_at <= now,
        )
        .order_by(Delivery.next_try_at)
        .limit(_ALONE_AT_ONCE)
    )
    for delivery_id in due:
        later(DELIVER_TRANSACTIONAL, str(delivery_id))
