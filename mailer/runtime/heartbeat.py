"""Signs of life: each worker says every few seconds that it is there."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete

from mailer.db import db
from mailer.lib.ids import uuid7
from mailer.runtime.models import Heartbeat

#: A process that has said nothing for this long is taken for dead.
SILENCE = timedelta(seconds=30)
#: What the dead left behind is cleared away after this long.
_FORGOTTEN_AFTER = timedelta(minutes=10)


@dataclass(frozen=True)
class Process:
    """A running part of Mailer, as it signs its heartbeats."""

    kind: str
    host: str
    pid: int
    queues: tuple[str, ...] = ()
    id: UUID = field(default_factory=uuid7)


def beat(process: Process, *, now: datetime) -> None:
    """Say that a process is alive, and forget those that died without a word."""
    db.session.merge(
        Heartbeat(
            id=process.id,
            kind=process.kind,
            host=process.host,
            pid=process.pid,
            queues=list(process.queues),
            last_seen_at=now,
        )
    )
    db.session.execute(delete(Heartbeat).where(Heartbeat.last_seen_at < now - _FORGOTTEN_AFTER))


def leave(process: Process) -> None:
    """Say that a process ends in good order."""
    db.session.execute(delete(Heartbeat).where(Heartbeat.id == process.id))
