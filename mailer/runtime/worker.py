"""A worker: one process whose threads take jobs from some of the queues.

Dramatiq's own command forks from a master; one process each, started by whoever
starts the others, needs half the memory and has one less thing that can die.
"""

import gc
import logging
import os
import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any, Protocol

import dramatiq
from sqlalchemy.exc import SQLAlchemyError

from mailer.db import db
from mailer.jobs import CAMPAIGNS, SENDING
from mailer.lib.clock import utcnow
from mailer.runtime.heartbeat import Process, beat, leave
from mailer.runtime.signals import Bell, stop_at_once_on_signal

log = logging.getLogger(__name__)

_BEAT_SECONDS = 5.0
_LONGEST_STOP_MS = 10 * 60 * 1000


class Application(Protocol):
    """The part of the application that a worker needs."""

    def app_context(self) -> AbstractContextManager[Any]:
        """Return what database access takes place in."""


class InsideApplication(dramatiq.Middleware):
    """Runs each job inside a context of its own, so that its database session ends with it."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._of_thread = threading.local()

    def before_process_message(self, broker: dramatiq.Broker, message: dramatiq.MessageProxy) -> None:
        """Enter the application."""
        self._of_thread.context = self._app.app_context()
        self._of_thread.context.__enter__()

    def after_process_message(
        self,
        broker: dramatiq.Broker,
        message: dramatiq.MessageProxy,
        *,
        result: Any = None,
        exception: BaseException | None = None,
    ) -> None:
        """Leave it, which gives the session's connection back."""
        self._of_thread.context.__exit__(None, None, None)


def run_worker(
    app: Application, load_actors: Callable[[], None], queues: Iterable[str], threads: int
) -> None:
    """Work until told to stop: the first TERM or INT finishes what is in hand, a second ends at once.

    :param load_actors: registers every actor with the broker
    :param queues: whose jobs to take, each with threads of its own
    """
    bell = Bell()
    broker = dramatiq.get_broker()
    broker.add_middleware(InsideApplication(app))
    load_actors()
    _collect_seldom()
    process = Process("worker", socket.gethostname(), os.getpid(), tuple(queues))
    broker.emit_after("process_boot")
    # An idle worker asks the broker twice a second, so that a confirmation mail leaves at once.
    workers = [
        dramatiq.Worker(broker, queues={queue}, worker_threads=threads, worker_timeout=500)
        for queue in process.queues
    ]
    if CAMPAIGNS in process.queues:
        workers.append(sender(broker))
    for worker in workers:
        worker.start()
    log.info("Working on %s with %d threads.", " and ".join(process.queues), threads)
    while True:
        _tell(app, beat, process, now=utcnow())
        if bell.wait(_BEAT_SECONDS):
            break
    stop_at_once_on_signal()
    log.info("Finishing what is in hand.")
    for worker in workers:
        worker.stop(timeout=_LONGEST_STOP_MS)
    _tell(app, leave, process)
    broker.close()


def sender(broker: dramatiq.Broker) -> dramatiq.Worker:
    """Return what sends: one thread, which drives all connections of the process.

    It takes no nudge before it can begin a shift: that one is for another process, which has
    nothing to do. And it asks often, since it looks for its next shift after each.
    """
    worker = dramatiq.Worker(broker, queues={SENDING}, worker_threads=1, worker_timeout=100)
    worker.queue_prefetch = 1
    return worker


def _collect_seldom() -> None:
    """Let the cycle collector look at what is new, seldom, and at what was there before never.

    A worker reads thousands of rows at a time, all of which die by reference count: with
    CPython's own thresholds the collector took half of the time that claiming took.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _tell(app: Application, verb: Callable[..., None], process: Process, **values: Any) -> None:
    try:
        with app.app_context():
            verb(process, **values)
            db.session.commit()
    except SQLAlchemyError as error:
        log.warning("No sign of life could be written: %s", error)
