"""``mailer up``: everything that Mailer is, on one machine."""

import fcntl
import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from mailer.config import Settings
from mailer.runtime.embedded_broker import NoBroker, answers, broker_command, stop_left_over
from mailer.runtime.ports import PortTaken, is_open, require_free, serves
from mailer.runtime.supervisor import CannotStart, Part, Supervisor

log = logging.getLogger(__name__)

#: The longest that a worker may take over what it has in hand; a batch lasts seconds.
_WORKER_STOP_SECONDS: Final = 60.0


def run_everything(settings: Settings) -> None:
    """Run the whole product until told to stop.

    :raises CannotStart: with one sentence that says why not
    """
    with _only_one(settings.data_dir):
        try:
            require_free(settings.bind, settings.port, "MAILER_PORT")
            if settings.is_catching:
                require_free("127.0.0.1", settings.catcher_port, "MAILER_CATCHER_PORT")
            stages = _stages(settings)
        except (PortTaken, NoBroker) as error:
            raise CannotStart(str(error)) from None
        link = _prepare()
        Supervisor(stages).run(when_up=lambda: _show(link))


@contextmanager
def _only_one(data_dir: Path) -> Iterator[None]:
    """Hold the data directory, so that two supervisors do not run on it."""
    with (data_dir / "mailer.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotStart(f"Mailer is already running on {data_dir}; stop that one first.") from None
        yield


def _stages(settings: Settings) -> list[list[Part]]:
    stages = []
    if settings.is_embedded_broker:
        socket_path = Path(settings.broker_url.removeprefix("unix://"))
        stop_left_over(socket_path)
        command = broker_command(settings.data_dir, socket_path)
        stages.append([Part("broker", command, is_ready=lambda: answers(socket_path))])
    if settings.is_catching:
        stages.append(
            [
                Part(
                    "catcher",
                    _mailer("catcher"),
                    is_ready=lambda: is_open("127.0.0.1", settings.catcher_port),
                )
            ]
        )
    stages.append([_worker("transactional"), *([_worker("campaigns")] * settings.campaign_workers)])
    web_host = "127.0.0.1" if settings.bind in {"0.0.0.0", "::"} else settings.bind  # noqa: S104  - compared
    stages.append(
        [Part("web", _mailer("web"), stop_seconds=30, is_ready=lambda: serves(web_host, settings.port))]
    )
    stages.append([Part("scheduler", _mailer("scheduler"))])
    return stages


def _worker(queue: str) -> Part:
    return Part(f"worker ({queue})", _mailer("worker", "--queues", queue), stop_seconds=_WORKER_STOP_SECONDS)


def _prepare() -> str:
    """Migrate the database and return the link to open, in a process whose memory is given back."""
    done = subprocess.run(_mailer("prepare"), stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise CannotStart("The database could not be brought to this version; see above.")
    return done.stdout.strip()


def _mailer(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "mailer.cli", "--with-parent", *arguments]


def _show(link: str) -> None:
    log.info("Mailer is up. Open %s", link)
