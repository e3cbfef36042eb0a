"""The table of background jobs, and how they are asked for.

The row is the truth and the job only a nudge: a lost or doubled job does no harm,
because each claims its work from the database and a sweep nudges again for what is
due. So a broker that is down delays work but never loses it, and enqueuing never
fails a request that was already committed.
"""

import logging
from dataclasses import dataclass
from typing import Final

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import Retries, ShutdownNotifications, TimeLimit
from redis.backoff import ConstantBackoff
from redis.retry import Retry
from sqlalchemy import event
from sqlalchemy.orm import Session

from mailer.db import db

log = logging.getLogger(__name__)

TRANSACTIONAL: Final = "transactional"
CAMPAIGNS: Final = "campaigns"
QUEUES: Final = (TRANSACTIONAL, CAMPAIGNS)


@dataclass(frozen=True)
class Job:
    """Work that a worker does: the name of its actor and the queue that it waits in.

    ``every_seconds`` is how often the scheduler asks for it; 0 when only others do.
    """

    name: str
    queue: str
    every_seconds: float = 0


JOBS: dict[str, Job] = {}


def _job(name: str, queue: str, *, every_seconds: float = 0) -> Job:
    JOBS[name] = job = Job(name, queue, every_seconds)
    return job


SEND_CONFIRMATION: Final = _job("send_confirmation", TRANSACTIONAL)
SEND_WELCOME: Final = _job("send_welcome", TRANSACTIONAL)
DELIVER_TRANSACTIONAL: Final = _job("deliver_transactional", TRANSACTIONAL)
DELIVER_BATCH: Final = _job("deliver_batch", CAMPAIGNS)
PREPARE_CAMPAIGN: Final = _job("prepare_campaign", CAMPAIGNS)
SWEEP_SUBSCRIPTIONS: Final = _job("sweep_subscriptions", TRANSACTIONAL, every_seconds=30)
SWEEP_IMPORTS: Final = _job("sweep_imports", TRANSACTIONAL, every_seconds=30)
RUN_IMPORT: Final = _job("run_import", CAMPAIGNS)
LAUNCH_DUE: Final = _job("launch_due", TRANSACTIONAL, every_seconds=5)
SWEEP_DELIVERIES: Final = _job("sweep_deliveries", TRANSACTIONAL, every_seconds=5)
INGEST_EVENTS: Final = _job("ingest_events", TRANSACTIONAL, every_seconds=2)


_WAITING: Final = "mailer.jobs_after_commit"


def later(job: Job, *ids: str) -> None:
    """Ask for a job once the current transaction is committed, and not if it is rolled back.

    :param ids: what the job is about; plain text, so that it reads the same in every broker
    """
    db.session().info.setdefault(_WAITING, []).append((job, ids))


def broker_for(url: str) -> dramatiq.Broker:
    """Return the broker behind a URL; nothing is connected until it is used.

    :param url: ``redis://``, ``rediss://``, ``unix://`` or ``amqp://``
    """
    middleware: list[dramatiq.Middleware] = [
        TimeLimit(),
        ShutdownNotifications(),
        Retries(min_backoff=1_000, max_backoff=60_000),
    ]
    if url.startswith("amqp"):
        # An extra of its own (``pip install mailer[rabbitmq]``), so it is imported only when chosen.
        from dramatiq.brokers.rabbitmq import RabbitmqBroker

        return RabbitmqBroker(url=url, middleware=middleware)
    client = redis.Redis.from_url(
        url,
        # A request waits for a broker that is down this long at most, twice.
        socket_connect_timeout=1.0,
        socket_timeout=10.0,
        retry=Retry(ConstantBackoff(0.05), 1),
    )
    # A killed worker's messages return after the heartbeat timeout and a roll of the dice on
    # each command. With the defaults (60 s, one in a thousand) 16 of 100 were still lost after
    # 150 s; with these all were back within 27 s.
    return RedisBroker(  # type: ignore[no-untyped-call]
        client=client, middleware=middleware, heartbeat_timeout=15_000, maintenance_chance=100_000
    )


def send_now(job: Job, *ids: str) -> None:
    """Put a job into its queue; a broker that is down is logged, and the sweep asks again."""
    broker = dramatiq.get_broker()
    message: dramatiq.Message[None] = dramatiq.Message(
        queue_name=job.queue, actor_name=job.name, args=ids, kwargs={}, options={}
    )
    try:
        broker.declare_queue(job.queue)
        broker.enqueue(message)
    except (dramatiq.BrokerError, redis.RedisError, OSError) as error:
        log.warning("The broker did not take %s%s (%s); the sweep will ask again.", job.name, ids, error)


@event.listens_for(Session, "after_commit")
def _send_what_waits(session: Session) -> None:
    # A list that is committed inside a savepoint waits for the outermost commit.
    if session.in_nested_transaction():
        return
    for job, ids in session.info.pop(_WAITING, ()):
        send_now(job, *ids)


@event.listens_for(Session, "after_soft_rollback")
def _forget_what_waits(session: Session, previous: object) -> None:
    if not session.in_nested_transaction():
        session.info.pop(_WAITING, None)
