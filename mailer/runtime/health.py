"""Whether this Mailer is ready to work: each part asked, each answer in a sentence."""

from dataclasses import dataclass
from datetime import datetime

import dramatiq
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from mailer.broker import is_answering
from mailer.db import db
from mailer.jobs import CAMPAIGNS, TRANSACTIONAL
from mailer.runtime.heartbeat import SILENCE
from mailer.runtime.migrations import is_current
from mailer.runtime.models import Heartbeat


@dataclass(frozen=True)
class Check:
    """What became of asking one part."""

    name: str
    ok: bool
    message: str


def readiness(*, now: datetime) -> list[Check]:
    """Ask the database, its tables, the broker, and a worker for each queue that sending takes."""
    return [*_database(now), _broker()]


def _database(now: datetime) -> list[Check]:
    try:
        tables_are_current = is_current()
        heard = db.session.scalars(
            select(Heartbeat).where(Heartbeat.kind == "worker", Heartbeat.last_seen_at > now - SILENCE)
        ).all()
    except SQLAlchemyError as error:
        db.session.rollback()
        return [Check("database", False, f"It does not answer: {type(error).__name__}.")]
    served = {queue for heartbeat in heard for queue in heartbeat.queues}
    return [
        Check("database", True, "It answers."),
        Check(
            "migrations",
            tables_are_current,
            "The tables are this version's." if tables_are_current else "Run `mailer migrate`.",
        ),
        *(_worker(queue, queue in served) for queue in (TRANSACTIONAL, CAMPAIGNS)),
    ]


def _worker(queue: str, is_served: bool) -> Check:
    message = "A worker takes its jobs." if is_served else f"No worker was heard for {SILENCE.seconds} s."
    return Check(f"worker:{queue}", is_served, message)


def _broker() -> Check:
    ok = is_answering(dramatiq.get_broker())
    return Check("broker", ok, "It answers." if ok else "It does not answer; jobs wait in the database.")
