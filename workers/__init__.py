"""Background work: one module for each room, holding actors and nothing else.

An actor takes ids as text, calls one verb, commits, and does no harm when it runs
twice: the row is the truth, the job a nudge (``mailer/jobs.py``).
"""

import pkgutil
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

import dramatiq

from mailer.delivery import alone, send
from mailer.jobs import Job

MINUTE: Final = 60_000

Work = Callable[..., None]

#: Every actor by the name of its job.
ACTORS: dict[str, dramatiq.Actor[Any, None]] = {}


def actor(
    job: Job, *, max_retries: int = 3, time_limit: int = 10 * MINUTE
) -> Callable[[Work], dramatiq.Actor[Any, None]]:
    """Make a function the one that does a job.

    Tries are few because what is due stands in the database, and the sweep asks for it again.

    :param time_limit: milliseconds
    """

    def register(work: Work) -> dramatiq.Actor[Any, None]:
        make = dramatiq.actor(
            actor_name=job.name, queue_name=job.queue, max_retries=max_retries, time_limit=time_limit
        )
        ACTORS[job.name] = made = make(work)
        return made

    return register


class Goodbye(dramatiq.Middleware):
    """Ends a worker's conversations with mail servers as they should end."""

    def before_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        """Let go home who waits for work."""
        alone.stop_attending()

    def after_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        """Say goodbye, once nothing is in hand any more."""
        send.close_connections()


def load_all() -> None:
    """Import every module of this package, so that the broker knows all actors."""
    broker = dramatiq.get_broker()
    if not any(isinstance(middleware, Goodbye) for middleware in broker.middleware):
        broker.add_middleware(Goodbye())
    for module in pkgutil.iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
