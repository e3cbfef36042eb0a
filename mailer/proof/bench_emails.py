"""``mailer bench emails``: how many messages programs can ask for in a second, and how long each waits.

Turn by turn with a route that validates JSON, inserts one row and commits, on the same
web server and database; then alone and beside a campaign.
"""

import http.client
import json
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Final

from mailer.campaigns.models import CampaignStatus
from mailer.config import environment_with
from mailer.proof.bench import Tell
from mailer.proof.installation import WARM_UP, BenchFailed, Installation, installation
from mailer.proof.postfix import smtp_sink
from mailer.proof.product import free_port, wait_until
from mailer.proof.reset_mail import p99

#: What is promised of the throughput, and of the p99 beside a campaign.
LEAST_RATIO: Final = 0.5
MOST_SLOWER: Final = 3.0
_PROGRAMS: Final = 8
_ANY_NUMBER: Final = 10**9
_BODY: Final = {
    "from": "Ana <ana@example.com>",
    "to": "sam@example.com",
    "subject": "Your receipt",
    "html": "<p>Thank you! That was <b>€ 12.40</b>.</p>" * 10,
}


@dataclass(frozen=True)
class Measured:
    """One database's figures: rates in posts a second, waits in seconds."""

    database: str
    bare: Sequence[float]
    ours: Sequence[float]
    idle: Sequence[float]
    beside: Sequence[float]

    @property
    def ratio(self) -> float:
        """Our rate, divided by the bare route's."""
        return median(self.ours) / median(self.bare)

    def lines(self) -> list[str]:
        """Return the figures as a table."""
        judged = "met" if self.ratio >= LEAST_RATIO else "MISSED"
        said = [
            f"{self.database}: {_PROGRAMS} programs that post messages",
            f"  one row, one commit   {median(self.bare):>8.0f} a second",
            f"  POST /emails          {median(self.ours):>8.0f} a second",
            f"  ratio                 {self.ratio:>8.2f}   {judged}: at least {LEAST_RATIO}",
        ]
        if self.beside:
            slower = p99(self.beside) / p99(self.idle)
            judged = "met" if slower <= MOST_SLOWER else "MISSED"
            said += [
                f"  p99 idle              {p99(self.idle) * 1000:>8.1f} ms",
                f"  p99 beside a campaign {p99(self.beside) * 1000:>8.1f} ms",
                f"  p99 ÷ idle p99        {slower:>8.2f}   {judged}: at most {MOST_SLOWER:.0f}",
            ]
        return said


def bench_emails(
    database: str, *, posts: int, pairs: int, recipients: int, workers: int, tell: Tell
) -> Measured:
    """Measure one database.

    :param posts: in each turn
    :param recipients: of the campaign; 0 for none
    :raises BenchFailed: something did not answer
    """
    with installation(database, workers) as bench, smtp_sink(bench.smtp_port, expects=_ANY_NUMBER):
        for size in {WARM_UP, recipients} - {0}:
            bench.people(size)
        secret = bench.product.mailer("key", "create", "--workspace", "Bakery", "--name", "Bench")
        bench.start()
        with _bare_route(bench) as bare_port:
            ours = _Caller(bench.product.port, "/api/v1/emails", secret)
            bare = _Caller(bare_port, "/emails", secret)
            for caller in (ours, bare):
                caller.post(200)
            rates: dict[str, list[float]] = {"bare": [], "ours": []}
            for turn in range(pairs):
                rates["bare"].append(bare.post(posts).rate)
                rates["ours"].append(ours.post(posts).rate)
                tell(
                    f"{database}: turn {turn + 1}: {rates['bare'][-1]:.0f}, {rates['ours'][-1]:.0f} a second."
                )
        idle, beside = _beside(bench, ours, recipients) if recipients else ([], [])
        return Measured(bench.kind, rates["bare"], rates["ours"], idle, beside)


def _beside(bench: Installation, caller: "_Caller", recipients: int) -> tuple[list[float], list[float]]:
    """Return how long posts wait that come one by one, alone and while a campaign is sent."""
    idle = caller.post(1_000, programs=1).waits
    campaign = bench.launch(recipients)
    beside = caller.post(
        1_000, programs=1, until=lambda: bench.ledger.status(campaign) is not CampaignStatus.SENDING
    ).waits
    if len(beside) < 100:
        raise BenchFailed(f"The campaign was over after {len(beside)} posts: give it more --recipients.")
    return idle, beside


@contextmanager
def _bare_route(bench: Installation) -> Iterator[int]:
    port = free_port()
    settings = bench.product.settings
    process = subprocess.Popen(
        [sys.executable, "-m", "mailer.proof.bare_route", str(port)],
        env=environment_with(
            MAILER_DATABASE_URL=settings.database_url, MAILER_DATA_DIR=str(settings.data_dir)
        ),
    )
    try:
        wait_until(lambda: _answers(port), 60.0)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@dataclass(frozen=True)
class _Turn:
    rate: float
    waits: list[float]


class _Caller:
    """Programs that post the same message, each over one connection."""

    def __init__(self, port: int, path: str, secret: str) -> None:
        self._port, self._path = port, path
        self._body = json.dumps(_BODY).encode()
        self._headers = {"Content-Type": "application/json", "Authorization": f"Bearer {secret}"}

    def post(
        self, number: int, *, programs: int = _PROGRAMS, until: Callable[[], bool] = lambda: False
    ) -> _Turn:
        """Post so often, or until something is so.

        :raises BenchFailed: an answer was no 200
        """
        waits: list[float] = []
        wrong: list[str] = []

        def program() -> None:
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
            for _ in range(number // programs):
                began = time.perf_counter()
                connection.request("POST", self._path, self._body, self._headers)
                answer = connection.getresponse()
                said = answer.read()
                waits.append(time.perf_counter() - began)
                if answer.status != 200:
                    wrong.append(f"{answer.status} {said[:200]!r}")
                if wrong or (programs == 1 and len(waits) % 20 == 0 and until()):
                    break
            connection.close()

        threads = [threading.Thread(target=program) for _ in range(programs)]
        began = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if wrong:
            raise BenchFailed(f"A post was answered with {wrong[0]}.")
        return _Turn(len(waits) / (time.perf_counter() - began), waits)
