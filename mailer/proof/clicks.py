"""``mailer bench clicks``: how many clicks a second are recorded, and whether a killed server loses any.

The measure is the same server's plain Flask route, in turns with it: only what was
measured side by side can be compared. For the kills every request is a reader of its
own, so that each answer can be looked for in the spool: once, no more and no less.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from statistics import median
from typing import Final
from uuid import UUID

from mailer.errors import Conflict
from mailer.lib.ids import uuid7
from mailer.proof.click_server import MESSAGE, links_at
from mailer.proof.product import free_port
from mailer.runtime.ports import is_open
from mailer.tracking.spool import Spool, read

_HOST: Final = "127.0.0.1"
_PATIENCE_SECONDS: Final = 60.0
_AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
_CLIENTS: Final = 4


@dataclass(frozen=True)
class Turn:
    """Requests a second, one after the other."""

    hello: float
    click: float

    @property
    def ratio(self) -> float:
        """Recorded clicks for each plain answer."""
        return self.click / self.hello


@dataclass
class Speed:
    """What was measured.

    :param answered: clicks that the load generator counted
    :param spooled: clicks that were found on disk
    """

    turns: list[Turn] = field(default_factory=list)
    answered: int = 0
    spooled: int = 0

    def line(self) -> str:
        """Return it in words."""
        ratio = median(turn.ratio for turn in self.turns)
        clicks, hellos = median(one.click for one in self.turns), median(one.hello for one in self.turns)
        return (
            f"{clicks:,.0f} recorded clicks a second, {hellos:,.0f} of Flask’s hello: "
            f"{ratio:.2f} times as many; "
            f"{self.spooled:,} on disk of {self.answered:,} answered"
        )


@dataclass(frozen=True)
class Survived:
    """What became of clicks while the server was killed."""

    kills: int
    answered: int
    lost: int
    doubled: int

    def line(self) -> str:
        """Return it in words."""
        return (
            f"{self.kills} kills, {self.answered:,} answered clicks: {self.lost} lost, {self.doubled} doubled"
        )


def measure_speed(*, seconds: int, pairs: int) -> Speed:
    """Let wrk ask for a plain answer and for a click in turns.

    :raises Conflict: there is no wrk, or it failed
    """
    wrk = shutil.which("wrk")
    if wrk is None:
        raise Conflict("wrk is missing; Debian has it in a package of this name.")
    speed = Speed()
    with tempfile.TemporaryDirectory() as name, _server(Path(name)) as port:
        click = links_at(port).click_url(MESSAGE, uuid7(), 0)
        for _ in range(pairs):
            hello, _ = _wrk(wrk, f"http://{_HOST}:{port}/hello", seconds)
            rate, answered = _wrk(wrk, click, seconds)
            speed.turns.append(Turn(hello, rate))
            speed.answered += answered
        speed.spooled = sum(_spooled(Path(name)).values())
    return speed


def survive_kills(kills: int, *, clicks_between: int = 2_000) -> Survived:
    """Kill the server again and again under load, and compare the answers with the spool."""
    answered: set[UUID] = set()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for _ in range(kills):
            with _server(folder) as port:
                readers = [_Reader(port) for _ in range(_CLIENTS)]
                _await(readers, clicks_between)
            for reader in readers:
                reader.join()
                answered |= reader.answered
        spooled = _spooled(folder)
    lost = sum(1 for each in answered if not spooled[each])
    return Survived(kills, len(answered), lost, sum(1 for count in spooled.values() if count > 1))


class _Reader(threading.Thread):
    """Follows one link after the other, each another reader's, until the server is gone."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self._port, self._links = port, links_at(port)
        self.answered: set[UUID] = set()
        self.start()

    def run(self) -> None:
        connection = HTTPConnection(_HOST, self._port, timeout=_PATIENCE_SECONDS)
        with suppress(OSError, HTTPException):
            while True:
                delivery = uuid7()
                path = self._links.click_url(MESSAGE, delivery, 0).removeprefix(self._links.base_url)
                connection.request("GET", path, headers={"User-Agent": _AGENT})
                answer = connection.getresponse()
                answer.read()
                if answer.status == 302:
                    self.answered.add(delivery)
        connection.close()


def _await(readers: list[_Reader], clicks: int) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while sum(len(reader.answered) for reader in readers) < clicks:
        if time.monotonic() > until or not any(reader.is_alive() for reader in readers):
            raise Conflict("The server answered too few clicks.")
        time.sleep(0.01)


@contextmanager
def _server(folder: Path) -> Iterator[int]:
    """Serve for the length of the block, and end with SIGKILL."""
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "mailer.proof.click_server", str(port), str(folder)],
        start_new_session=True,
        stdout=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + _PATIENCE_SECONDS
        while not is_open(_HOST, port):
            if server.poll() is not None or time.monotonic() > until:
                raise Conflict("The server did not come up.")
            time.sleep(0.05)
        yield port
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def _wrk(wrk: str, url: str, seconds: int) -> tuple[float, int]:
    """Return the requests a second, and how many there were."""
    told = subprocess.run(
        [wrk, "-t2", "-c32", f"-d{seconds}s", "-H", f"User-Agent: {_AGENT}", url],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    rate, number = re.search(r"Requests/sec:\s+([\d.]+)", told), re.search(r"(\d+) requests in", told)
    if rate is None or number is None:
        raise Conflict(f"wrk failed: {told.strip()}")
    return float(rate[1]), int(number[1])


def _spooled(folder: Path) -> Counter[UUID]:
    """Return how often each reader’s click is on disk."""
    return Counter(event.delivery_id for path in Spool(folder / "spool").take() for event in read(path))
