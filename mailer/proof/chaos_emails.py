"""``mailer chaos-emails``: programs post messages under keys, again and again, while everything is killed.

Each key is posted one to five times by twenty programs at once; one that gets no answer, or
one that says “later”, asks again. Whatever dies meanwhile: one message for each key, one
answer for each key, and every message that was answered for has left.
"""

import json
import os
import random
import shutil
import signal
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final

from sqlalchemy import create_engine, func, select
from sqlalchemy.pool import NullPool

from mailer.delivery.engine.outcomes import Verdict
from mailer.delivery.models import Attempt, Delivery, DeliveryState
from mailer.lib.ids import public_id
from mailer.proof import postgres
from mailer.proof.product import Product, wait_until
from mailer.sqlite import READ_ONLY
from mailer.transactional.models import TransactionalMessage

Tell = Callable[[str], None]

PROGRAMS: Final = 20
_MOST_REPEATS: Final = 5
#: The parts that die; whoever kills the supervisor too is ``mailer chaos``.
_MORTALS: Final = ("web", "worker (transactional", "broker", "scheduler")
_PATIENCE_SECONDS: Final = 300.0
_QUIET_SECONDS: Final = 180.0


@dataclass
class Figures:
    """What a storm came to."""

    keys: int
    posts: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    #: Keys with another number of messages than one, by how many they have.
    wrong_messages: Counter[int] = field(default_factory=Counter)
    #: Keys that were given several answers.
    several_answers: int = 0
    #: Messages that were answered for and have not left.
    not_sent: int = 0
    #: Addresses that got it more than once although nothing about it was in doubt.
    doubled: int = 0
    in_doubt: int = 0
    seconds: float = 0.0

    def missed(self) -> bool:
        """Whether a promise was broken."""
        return bool(self.wrong_messages or self.several_answers or self.not_sent or self.doubled)

    def lines(self, database: str) -> list[str]:
        """Return the figures as a table."""
        killed = ", ".join(f"{name} {count}" for name, count in sorted(self.kills.items()))
        rows = (
            ("keys, posts", f"{self.keys:,}, {self.posts:,}"),
            ("killed", killed or "nothing"),
            ("keys without exactly one message", sum(self.wrong_messages.values())),
            ("keys with several answers", self.several_answers),
            ("answered for and not sent", self.not_sent),
            ("sent twice without a doubt", self.doubled),
            ("in doubt at some time, by name", self.in_doubt),
        )
        said = [f"{database}: {'BROKEN' if self.missed() else 'held'} in {self.seconds:.0f} s"]
        return said + [f"  {name:<36}{value}" for name, value in rows]


def chaos_emails(database: str, *, keys: int, kills: int, seed: int, tell: Tell) -> Figures:
    """Run one storm.

    :param database: ``sqlite`` or ``postgresql``
    :param kills: how many parts are killed while the programs post
    """
    dice = random.Random(seed)  # noqa: S311  - which part dies is no secret
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="mailer-chaos-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        settings = {"MAILER_LOG_LEVEL": "warning", "MAILER_API_CALLS_PER_MINUTE": "1000000"}
        if database == "postgresql":
            cluster = stack.enter_context(postgres.cluster(postgres.DURABLE))
            settings["MAILER_DATABASE_URL"] = cluster.url % "postgres"
        product = Product(folder, **settings)
        stack.callback(product.stop)
        product.mailer(
            *("owner", "create", "--email", "ana@example.com", "--password", "a long enough password"),
            *("--workspace", "Bakery"),
        )
        secret = product.mailer("key", "create", "--workspace", "Bakery", "--name", "Storm")
        product.start()
        began = time.monotonic()
        storm = _Storm(product, secret, keys=keys, dice=dice)
        storm.blow(kills, tell)
        tell(f"{database}: every post is answered; waiting until all have left.")
        figures = storm.count()
        figures.seconds = time.monotonic() - began
        return figures


class _Storm:
    """The programs, their posts and their answers."""

    def __init__(self, product: Product, secret: str, *, keys: int, dice: random.Random) -> None:
        self._product, self._secret, self._keys, self._dice = product, secret, keys, dice
        posts = [key for key in range(keys) for _ in range(dice.randint(1, _MOST_REPEATS))]
        dice.shuffle(posts)
        self._posts: SimpleQueue[int] = SimpleQueue()
        for key in posts:
            self._posts.put(key)
        self._figures = Figures(keys, posts=len(posts))
        #: What was answered under each key.
        self._answers: dict[int, set[str]] = defaultdict(set)
        self._turn = threading.Lock()
        # Each question has a connection of its own, which asks for no place to write.
        self._engine = create_engine(
            product.settings.database_url, poolclass=NullPool, execution_options={READ_ONLY: True}
        )

    def blow(self, kills: int, tell: Tell) -> None:
        """Post everything, and kill meanwhile."""
        programs = [threading.Thread(target=self._program) for _ in range(PROGRAMS)]
        for program in programs:
            program.start()
        total = self._posts.qsize()
        for number in range(kills):
            # Spread over the posts, however fast they are answered.
            goal = total * (kills - number) / (kills + 1)
            while self._posts.qsize() > goal and any(map(threading.Thread.is_alive, programs)):
                time.sleep(0.02)
            self._kill()
        for program in programs:
            program.join()
        tell(f"{self._figures.posts:,} posts under {self._keys:,} keys were answered.")

    def count(self) -> Figures:
        """Wait until nothing is under way, and compare what was promised with what was done."""
        wait_until(lambda: not self._waiting(), _QUIET_SECONDS, lambda: self._product.last_words)
        figures = self._figures
        addresses = {f"key-{key}@example.com": key for key in range(self._keys)}
        messages: Counter[int] = Counter()
        states: dict[str, set[DeliveryState]] = defaultdict(set)
        with self._engine.connect() as connection:
            rows = connection.execute(
                select(TransactionalMessage.id, Delivery.email, Delivery.state).join(
                    Delivery, Delivery.message_id == TransactionalMessage.id
                )
            ).all()
            doubtful = set(
                connection.scalars(
                    select(Delivery.email)
                    .join(Attempt, Attempt.delivery_id == Delivery.id)
                    .where(Attempt.outcome == Verdict.IN_DOUBT)
                )
            )
        for message_id, email, state in rows:
            messages[addresses[email]] += 1
            states[public_id(TransactionalMessage.prefix, message_id)].add(state)
        figures.wrong_messages = Counter(messages[key] for key in range(self._keys) if messages[key] != 1)
        figures.several_answers = sum(len(answers) != 1 for answers in self._answers.values())
        caught = self._product.caught()
        for key, answers in self._answers.items():
            email = f"key-{key}@example.com"
            has_left = all(states[each] == {DeliveryState.ACCEPTED} for each in answers)
            figures.not_sent += not has_left
            figures.doubled += caught[email] > 1 and email not in doubtful
        figures.in_doubt = len(doubtful)
        return figures

    def _waiting(self) -> int:
        query = select(func.count()).select_from(Delivery).where(Delivery.state == DeliveryState.PREPARED)
        with self._engine.connect() as connection:
            return int(connection.scalar(query) or 0)

    def _program(self) -> None:
        while True:
            try:
                key = self._posts.get_nowait()
            except Empty:
                return
            answer = self._post(key)
            with self._turn:
                self._answers[key].add(answer)

    def _post(self, key: int) -> str:
        """Post until there is an answer; return the message's id."""
        body = {
            "from": "Ana <ana@example.com>",
            "to": f"key-{key}@example.com",
            "subject": f"Receipt {key}",
            "text": f"Paid {key}.",
        }
        request = urllib.request.Request(  # noqa: S310  - our own installation
            f"{self._product.base_url}/api/v1/emails",
            data=json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {self._secret}",
                "Content-Type": "application/json",
                "Idempotency-Key": f"storm-{key}",
            },
        )
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            # A web server that is killed in the middle of an answer is one of these, too.
            with suppress(OSError, ValueError, HTTPException):
                try:
                    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
                        return str(json.load(answer)["id"])
                except urllib.error.HTTPError as error:
                    if error.code not in {409, 429, 500, 503}:
                        return f"{error.code} {error.read()[:200]!r}"
            if time.monotonic() > deadline:
                return "no answer"
            time.sleep(0.05)

    def _kill(self) -> None:
        part = self._dice.choice(_MORTALS)
        for pid in self._pids(part):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                self._figures.kills[part.replace("(", "")] += 1
                return

    def _pids(self, part: str) -> Iterator[int]:
        living = [pid for pid, name in self._product.processes().items() if name.startswith(part)]
        self._dice.shuffle(living)
        yield from living
