"""``mailer up``: everything that Mailer is, on one machine."""

import gc
import logging
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

from mailer.accounts.first_run import open_first_run
from mailer.bounces.inbound import run_inbound
from mailer.catcher.server import run_catcher
from mailer.config import Settings
from mailer.db import db
from mailer.runtime import logs
from mailer.runtime.children import start_fork, start_program
from mailer.runtime.database import require_database
from mailer.runtime.embedded_broker import NoBroker, answers, broker_command, stop_left_over
from mailer.runtime.migrations import migrate_to
from mailer.runtime.only_one import only_one
from mailer.runtime.ports import PortTaken, is_open, require_free, serves
from mailer.runtime.priority import give_way
from mailer.runtime.scheduler import run_scheduler
from mailer.runtime.supervisor import CannotStart, Part, Supervisor
from mailer.runtime.web import serve
from mailer.runtime.worker import Application, run_worker
from mailer.transactional.submission.server import run_submission

log = logging.getLogger(__name__)

_LOOPBACK: Final = "127.0.0.1"
#: The longest that a worker may take over what it has in hand; a batch lasts seconds.
_WORKER_STOP_SECONDS: Final = 60.0
#: The longest that parts live on without their supervisor: they look for it once a second.
_ORPHANS_SECONDS: Final = _WORKER_STOP_SECONDS + 5
#: A server that was started together with us, or crashed, is there by then.
_DATABASE_SECONDS: Final = 60.0
_CAMPAIGN_NICENESS: Final = 5


class Everything:
    """The parts of one installation, and how each is started.

    :param core: what the workers work in
    :param with_doors: builds what the web serves; it is called where that is done, so that nobody
        else carries the doors in memory
    :param load_actors: registers every actor with the broker
    """

    def __init__(
        self,
        settings: Settings,
        core: Application,
        *,
        with_doors: Callable[[], Application],
        load_actors: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._core, self._with_doors = core, with_doors
        self._load_actors = load_actors

    def run(self) -> None:
        """Run the whole product until told to stop.

        :raises CannotStart: with one sentence that says why not
        """
        with only_one(self._settings.data_dir, patience=_ORPHANS_SECONDS):
            self._require_ports()
            link = self._prepare()
            Supervisor(list(self._stages())).run(when_up=lambda: log.info("Mailer is up. Open %s", link))

    def _require_ports(self) -> None:
        try:
            require_free(self._settings.bind, self._settings.port, "MAILER_PORT")
            if self._settings.inbound_port:
                require_free(self._settings.inbound_bind, self._settings.inbound_port, "MAILER_INBOUND_PORT")
            if self._settings.submission_port:
                require_free(self._settings.bind, self._settings.submission_port, "MAILER_SUBMISSION_PORT")
            if self._settings.is_catching:
                require_free(_LOOPBACK, self._settings.catcher_port, "MAILER_CATCHER_PORT")
        except PortTaken as error:
            raise CannotStart(str(error)) from None

    def _prepare(self) -> str:
        """Bring the database to this version, load all that the parts share; return the link to open."""
        with self._core.app_context():
            require_database(patience=_DATABASE_SECONDS)
            migrate_to("head")
            link = open_first_run() or self._settings.base_url
            db.session.commit()
            db.engine.dispose()
        self._load_actors()
        # What lives now is never collected, so that the forks do not copy it to look at it.
        gc.collect()
        gc.freeze()
        return link

    def _stages(self) -> Iterator[list[Part]]:
        if self._settings.is_embedded_broker:
            yield [self._broker()]
        if self._settings.is_catching:
            yield [self._catcher()]
        # A campaign takes what time there is; whoever waits for a page or a password reset goes first.
        campaigns = [
            self._worker("campaigns", niceness=_CAMPAIGN_NICENESS)
            for _ in range(self._settings.campaign_workers)
        ]
        yield [self._worker("transactional", "webhooks"), *campaigns]
        yield [self._web(), *([self._submission()] if self._settings.submission_port else [])]
        if self._settings.inbound_port:
            yield [self._inbound()]
        yield [self._part("scheduler", run_scheduler)]

    def _broker(self) -> Part:
        path = Path(self._settings.broker_url.removeprefix("unix://"))
        stop_left_over(path)
        try:
            command = broker_command(self._settings.data_dir, path)
        except NoBroker as error:
            raise CannotStart(str(error)) from None
        return Part("broker", lambda: start_program(command), is_ready=lambda: answers(path))

    def _catcher(self) -> Part:
        port = self._settings.catcher_port
        part = self._part("catcher", partial(run_catcher, self._settings.data_dir, port=port))
        part.is_ready = lambda: is_open(_LOOPBACK, port)
        return part

    def _inbound(self) -> Part:
        """Take what comes back, at the port that an MX or a pipe points to."""
        bind, port = self._settings.inbound_bind, self._settings.inbound_port
        work = partial(
            run_inbound, self._core.app_context, host=bind, port=port, is_lmtp=self._settings.inbound_lmtp
        )
        part = self._part("inbound", work)
        part.is_ready = lambda: is_open(_reached(bind), port)
        return part

    def _worker(self, *queues: str, niceness: int = 0) -> Part:
        def work() -> None:
            if niceness:
                give_way(niceness)
            run_worker(self._core, self._load_actors, queues=queues, threads=self._settings.worker_threads)

        return self._part(f"worker ({queues[0]})", work, stop_seconds=_WORKER_STOP_SECONDS)

    def _web(self) -> Part:
        bind, port = self._settings.bind, self._settings.port
        part = self._part("web", partial(serve, self._with_doors, bind=bind, port=port), stop_seconds=30)
        part.is_ready = lambda: serves(_reached(bind), port)
        return part

    def _submission(self) -> Part:
        given = self._settings
        work = partial(
            run_submission,
            self._core,
            host=given.bind,
            port=given.submission_port,
            certificate=given.submission_certificate,
            private_key=given.submission_private_key,
        )
        part = self._part("submission", work, stop_seconds=30)
        part.is_ready = lambda: is_open(_reached(given.bind), given.submission_port)
        return part

    def _part(self, name: str, work: Callable[[], None], *, stop_seconds: float = 10.0) -> Part:
        def live() -> None:
            logs.begin(name, self._settings.log_level)
            work()

        return Part(name, partial(start_fork, live, stop_seconds=stop_seconds), stop_seconds=stop_seconds)


def _reached(bind: str) -> str:
    """Return where something that listens at an address is reached from here."""
    return _LOOPBACK if bind in {"0.0.0.0", "::"} else bind  # noqa: S104  - compared, not bound
