"""The whole product, started for real: a supervisor and all its parts in a directory of its own."""

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mailer.catcher.store import Store
from mailer.config import environment_with, load
from mailer.errors import Conflict
from mailer.proof import processes

ROOT = Path(__file__).parents[2]
#: What is left of one that was killed may take a minute to end.
START_SECONDS = 150.0


class DidNotHappen(Conflict):
    """What was waited for did not come; the message says for how long, and what was said meanwhile."""


class Product:
    """One running Mailer.

    :param data_dir: short, since a socket lies in it
    :param settings: further ``MAILER_…`` variables
    """

    def __init__(self, data_dir: Path, **settings: str) -> None:
        self.data_dir = data_dir
        self.port, self.catcher_port = free_port(), free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self._variables = environment_with(
            **{
                "PYTHONPATH": str(ROOT),
                "MAILER_DATA_DIR": str(data_dir),
                "MAILER_PORT": str(self.port),
                "MAILER_CATCHER_PORT": str(self.catcher_port),
                "MAILER_BASE_URL": self.base_url,
                # Its people live at example.com, which says in the DNS that it takes no mail.
                "MAILER_CHECK_MAIL_DOMAINS": "false",
                **settings,
            }
        )
        self.settings = load(self._variables)
        self._supervisor: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The supervisor's process id."""
        assert self._supervisor is not None
        return self._supervisor.pid

    @property
    def log(self) -> str:
        """What its processes have said."""
        return (self.data_dir / "log").read_text(encoding="utf-8", errors="replace")

    @property
    def last_words(self) -> str:
        """The end of what its processes have said, for whoever must find out why something failed."""
        return self.log[-4000:]

    @property
    def link(self) -> str:
        """The link that it said to open."""
        return self.log.rsplit("Open ", 1)[1].split()[0]

    def start(self) -> None:
        """Start it, and wait until it is ready."""
        with (self.data_dir / "log").open("ab") as log:
            self._supervisor = subprocess.Popen(
                [sys.executable, "-m", "mailer.cli", "up"],
                env=self._variables,
                stdout=log,
                stderr=log,
                # A Ctrl-C is for whoever runs this, who then stops it.
                start_new_session=True,
            )
        wait_until(self.is_ready, START_SECONDS, lambda: self.log)

    def stop(self) -> int:
        """Stop it in order, if it was started; return its exit status."""
        if self._supervisor is None:
            return 0
        self._supervisor.send_signal(signal.SIGTERM)
        return self._supervisor.wait(timeout=90)

    def crash(self) -> None:
        """Kill the supervisor, and start it again at once, as an init system does."""
        assert self._supervisor is not None
        self._supervisor.kill()
        self._supervisor.wait()
        self.start()

    def is_ready(self) -> bool:
        """Whether it says that everything is there."""
        try:
            with urllib.request.urlopen(f"{self.base_url}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False

    def processes(self) -> dict[int, str]:
        """Its living processes below the supervisor, by id, with the name of their part."""
        return {
            pid: "broker" if "unixsocket" in command else command.removeprefix("mailer: ")
            for pid, command in processes.below(self.pid).items()
        }

    def mailer(self, *arguments: str) -> str:
        """Run a command and return what it prints."""
        return subprocess.run(
            [sys.executable, "-m", "mailer.cli", *arguments],
            env=self._variables,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout.strip()

    def api(self, key: str, method: str, path: str, body: Any = None) -> Any:
        """Call the API and return what it answers."""
        request = urllib.request.Request(
            f"{self.base_url}/api/v1{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def caught(self) -> Counter[str]:
        """How often each recipient's mail was caught."""
        store = Store(self.data_dir)
        try:
            mails = store.newest(limit=100_000)
        finally:
            store.close()
        return Counter(address for mail in mails for address in mail.envelope_to)


def wait_until(condition: Callable[[], bool], seconds: float, explain: Callable[[], str] = str) -> None:
    """Wait for something to become true.

    :param explain: what to say when it does not
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise DidNotHappen(f"It did not happen within {seconds:g} s.\n{explain()[-6000:]}")
        time.sleep(0.2)


def free_port() -> int:
    """Return a port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
