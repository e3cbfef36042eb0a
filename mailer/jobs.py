"""The table of background jobs, and how they are asked for.

The row is the truth and the job only a nudge: a lost or doubled job does no harm,
because each claims its work from the database and a sweep nudges again for what is
due. So a broker that is down delays work but never loses it, and enqueuing never
fails a request that was already committed.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final

from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from mailer import broker
from mailer.broker import Attendance, enqueue, enqueue_tick, ring
from mailer.db import db

TRANSACTIONAL: Final = "transactional"
CAMPAIGNS: Final = "campaigns"
#: Its jobs wait for other people's servers, so they have threads of their own.
#: Shifts of sending, which whoever takes ``CAMPAIGNS`` works one by one (``run_worker``).
SENDING: Final = "sending"
WEBHOOKS: Final = "webhooks"
QUEUES: Final = (TRANSACTIONAL, CAMPAIGNS, SENDING, WEBHOOKS)


@dataclass(frozen=True)
class Job:
    """Work that a worker does: the name of its actor and the queue that it waits in.

    ``every_seconds`` is how often the scheduler asks for it; 0 when only others do. A job with
    ``is_bell`` finds all that is due by itself, so that one which waits stands for any number.
    """

    name: str
    queue: str
    every_seconds: float = 0
    is_bell: bool = False


JOBS: dict[str, Job] = {}


def _job(name: str, queue: str, *, every_seconds: float = 0, is_bell: bool = False) -> Job:
    JOBS[name] = job = Job(name, queue, every_seconds, is_bell)
    return job


SIGN_UP: Final = _job("sign_up", TRANSACTIONAL)
SWEEP_SIGN_UPS: Final = _job("sweep_sign_ups", TRANSACTIONAL, every_seconds=30)
SEND_CONFIRMATION: Final = _job("send_confirmation", TRANSACTIONAL)
SEND_WELCOME: Final = _job("send_welcome", TRANSACTIONAL)
DELIVER_TRANSACTIONAL: Final = _job("deliver_transactional", TRANSACTIONAL, is_bell=True)
DELIVER_DUE: Final = _job("deliver_due", SENDING, is_bell=True)
PREPARE_CAMPAIGN: Final = _job("prepare_campaign", CAMPAIGNS)
SWEEP_SUBSCRIPTIONS: Final = _job("sweep_subscriptions", TRANSACTIONAL, every_seconds=30)
SWEEP_IMPORTS: Final = _job("sweep_imports", TRANSACTIONAL, every_seconds=30)
CHECK_IMPORT: Final = _job("check_import", CAMPAIGNS)
SEAL_CONSENT: Final = _job("seal_consent", TRANSACTIONAL, every_seconds=5)
FORGET_ORIGINS: Final = _job("forget_origins", TRANSACTIONAL, every_seconds=3600)
RUN_IMPORT: Final = _job("run_import", CAMPAIGNS)
UNDO_IMPORT: Final = _job("undo_import", CAMPAIGNS)
RUN_BULK_CHANGE: Final = _job("run_bulk_change", CAMPAIGNS)
UNDO_BULK_CHANGE: Final = _job("undo_bulk_change", CAMPAIGNS)
SWEEP_BULK_CHANGES: Final = _job("sweep_bulk_changes", TRANSACTIONAL, every_seconds=30)
WRITE_EXPORT: Final = _job("write_export", CAMPAIGNS)
SWEEP_EXPORTS: Final = _job("sweep_exports", TRANSACTIONAL, every_seconds=30)
FOLLOW_SEGMENTS: Final = _job("follow_segments", TRANSACTIONAL, every_seconds=60)
FOLLOW_LINKS: Final = _job("follow_links", CAMPAIGNS)
LAUNCH_DUE: Final = _job("launch_due", TRANSACTIONAL, every_seconds=5)
SWEEP_DELIVERIES: Final = _job("sweep_deliveries", TRANSACTIONAL, every_seconds=5)
CARRY_OUT_DECISION: Final = _job("carry_out_decision", TRANSACTIONAL)
SWEEP_DECISIONS: Final = _job("sweep_decisions", TRANSACTIONAL, every_seconds=30)
POLL_MAILBOXES: Final = _job("poll_mailboxes", TRANSACTIONAL, every_seconds=60)
INGEST_EVENTS: Final = _job("ingest_events", TRANSACTIONAL, every_seconds=2)
MAKE_ROOM: Final = _job("make_room", TRANSACTIONAL, every_seconds=3600)
WATCH_DOMAINS: Final = _job("watch_domains", TRANSACTIONAL, every_seconds=20)
CHECK_DOMAINS: Final = _job("check_domains", TRANSACTIONAL, every_seconds=3600)
TAKE_SNAPSHOTS: Final = _job("take_snapshots", TRANSACTIONAL, every_seconds=300)
SEND_DIGESTS: Final = _job("send_digests", TRANSACTIONAL, every_seconds=300)
POST_WEBHOOKS: Final = _job("post_webhooks", WEBHOOKS)
SWEEP_WEBHOOKS: Final = _job("sweep_webhooks", TRANSACTIONAL, every_seconds=5)
FORGET_OLD_EVENTS: Final = _job("forget_old_events", TRANSACTIONAL, every_seconds=3600)
REDACT_MESSAGES: Final = _job("redact_messages", TRANSACTIONAL, every_seconds=1800)
FORGET_OLD_ANSWERS: Final = _job("forget_old_answers", TRANSACTIONAL, every_seconds=3600)


_WAITING: Final = "mailer.jobs_after_commit"
_COMMITTED: Final = "mailer.jobs_committed"


def later(job: Job, *ids: str) -> None:
    """Ask for a job once the current transaction is committed, and not if it is rolled back.

    Asked for twice in one transaction, it comes once.

    :param ids: what the job is about; plain text, so that it reads the same in every broker
    """
    # A dict, since jobs are sent in the order in which they were asked for.
    waiting: dict[tuple[Job, tuple[str, ...]], None] = db.session().info.setdefault(_WAITING, {})
    waiting[job, ids] = None


def tick(job: Job) -> None:
    """Ask for a recurring job, unless the last asking still waits."""
    enqueue_tick(job.name, job.queue)


def attend(job: Job, *, if_: bool = True) -> AbstractContextManager[Attendance]:
    """Look by oneself for what a job's bell would tell of, unless somebody else does."""
    return broker.attend(job.name, if_=if_)


@event.listens_for(Session, "after_commit")
def _let_go(session: Session) -> None:
    # What is committed inside a savepoint waits for the outermost commit.
    if not session.in_nested_transaction():
        session.info[_COMMITTED] = session.info.pop(_WAITING, {})


@event.listens_for(Session, "after_transaction_end")
def _send_what_waits(session: Session, transaction: SessionTransaction) -> None:
    # By now the connection is given back, so that on SQLite the next thread writes while the broker is asked.
    if transaction.parent is not None:
        return
    for job, ids in session.info.pop(_COMMITTED, {}):
        if job.is_bell:
            ring(job.name, job.queue)
        else:
            enqueue(job.name, job.queue, *ids)


@event.listens_for(Session, "after_soft_rollback")
def _forget_what_waits(session: Session, previous: object) -> None:
    if not session.in_nested_transaction():
        session.info.pop(_WAITING, None)
