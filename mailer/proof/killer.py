"""What dies in a storm: parts of a running product, one after the other, every kind in turn."""

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final

import redis

from mailer.errors import Conflict
from mailer.proof.postgres import Cluster
from mailer.proof.product import Product
from mailer.proof.verdict import Kill

CAMPAIGNS: Final = "worker (campaigns)"
TRANSACTIONAL: Final = "worker (transactional)"
#: How long to look for something that lives: a supervisor waits longer and longer before
#: it starts again what dies all the time.
_PATIENCE_SECONDS: Final = 45.0

Blow = Callable[[], Kill | None]


class NothingToKill(Conflict):
    """No part of the product lives."""


class Killer:
    """Deals blows in an order that the dice decide.

    :param cluster: the database server, when there is one that may be crashed
    :param lease_seconds: a worker that is frozen stays so for longer
    """

    def __init__(
        self, product: Product, *, cluster: Cluster | None, dice: random.Random, lease_seconds: float
    ) -> None:
        self._product, self._cluster, self._dice = product, cluster, dice
        self._frozen_seconds = lease_seconds * 1.5
        self._frozen: set[int] = set()
        self._blows = self._deck()

    def kill(self) -> Kill:
        """Deal the next blow that hits something.

        :raises NothingToKill: nothing lives
        """
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if (killed := next(self._blows)()) is not None:
                return killed
            time.sleep(0.1)
        raise NothingToKill(f"There is nothing left to kill.\n{self._product.last_words}")

    def thaw(self) -> None:
        """Let everything go on that is frozen."""
        for pid in list(self._frozen):
            self._go_on(pid)

    def _deck(self) -> Iterator[Blow]:
        """Yield blows: every kind comes round, some more often."""
        blows: list[Blow] = [
            *[self._signals(CAMPAIGNS, signal.SIGKILL)] * 4,
            self._signals(CAMPAIGNS, signal.SIGTERM),
            self._freeze,
            *[self._signals(part, signal.SIGKILL) for part in (TRANSACTIONAL, "broker", "web", "scheduler")],
            self._flush_broker,
            self._crash_supervisor,
        ]
        if self._cluster is not None:
            blows.append(self._crash_database)
        while True:
            self._dice.shuffle(blows)
            yield from blows

    def _signals(self, part: str, number: signal.Signals) -> Blow:
        def blow() -> Kill | None:
            pid = self._one_of(part)
            if pid is None or not _signalled(pid, number):
                return None
            return Kill(time.time(), f"{part} {number.name}", costs_connections=part == CAMPAIGNS)

        return blow

    def _freeze(self) -> Kill | None:
        """Stop a campaign worker until after its lease is over, and let it go on."""
        pid = self._one_of(CAMPAIGNS)
        if pid is None or not _signalled(pid, signal.SIGSTOP):
            return None
        self._frozen.add(pid)
        timer = threading.Timer(self._frozen_seconds, self._go_on, [pid])
        timer.daemon = True
        timer.start()
        return Kill(time.time(), f"{CAMPAIGNS} SIGSTOP past its lease", costs_connections=True)

    def _go_on(self, pid: int) -> None:
        if pid in self._frozen:
            self._frozen.discard(pid)
            _signalled(pid, signal.SIGCONT)

    def _flush_broker(self) -> Kill | None:
        path = self._product.settings.broker_url.removeprefix("unix://")
        try:
            redis.Redis(unix_socket_path=path).flushall()
        except (redis.RedisError, OSError):
            return None
        return Kill(time.time(), "broker FLUSHALL")

    def _crash_supervisor(self) -> Kill | None:
        """Kill the one that would start again what dies; what is frozen could not end without it."""
        self.thaw()
        self._product.crash()
        return Kill(time.time(), "supervisor SIGKILL")

    def _crash_database(self) -> Kill | None:
        assert self._cluster is not None
        self._cluster.stop_at_once()
        self._cluster.start()
        return Kill(time.time(), "database crash")

    def _one_of(self, part: str) -> int | None:
        living = [
            pid
            for pid, name in self._product.processes().items()
            if name.startswith(part) and pid not in self._frozen
        ]
        return self._dice.choice(living) if living else None


def _signalled(pid: int, number: signal.Signals) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
        return True
    return False
