"""The supervisor: starts the parts of Mailer, restarts what dies, stops them in order.

Each part is a child in a session of its own, so that a terminal's Ctrl-C reaches the
supervisor alone: a worker that hears a second signal gives up what it has in hand.
"""

import logging
import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from mailer.runtime.children import Child
from mailer.runtime.signals import Bell

log = logging.getLogger(__name__)

_LONGEST_BACKOFF_SECONDS: Final = 30.0
#: A part that lived this long starts at the shortest backoff again when it dies.
_STEADY_SECONDS: Final = 60.0
#: A part that ends so often before it is ready is broken; one that was killed comes up the next time.
_STARTS: Final = 3


class CannotStart(Exception):
    """The product cannot be started; the message is one sentence that says why."""


@dataclass
class Part:
    """One child: how it is started, and how long it may take to stop.

    :param start_child: starts it and returns it
    :param is_ready: asked after the start until it says yes; later parts wait for it
    """

    name: str
    start_child: Callable[[], Child]
    stop_seconds: float = 10.0
    is_ready: Callable[[], bool] = lambda: True
    child: Child | None = None
    started_at: float = 0.0
    backoff_seconds: float = 0.0
    restart_at: float | None = None

    def start(self) -> None:
        """Start the child."""
        self.child = self.start_child()
        self.started_at, self.restart_at = time.monotonic(), None
        log.info("%s has started (process %d).", self.name, self.child.pid)

    @property
    def is_running(self) -> bool:
        """Whether the child lives."""
        return self.child is not None and self.child.poll() is None

    @property
    def has_just_ended(self) -> bool:
        """Whether the child has ended, and no other is planned yet."""
        return self.restart_at is None and not self.is_running

    @property
    def ending(self) -> str:
        """How the child ended, in words."""
        status = (self.child.poll() if self.child else None) or 0
        return f"was killed ({signal.Signals(-status).name})" if status < 0 else f"ended with status {status}"

    def plan_restart(self) -> None:
        """Choose when a child that died is started again: at once, then 1, 2, 4 … 30 s later."""
        if time.monotonic() - self.started_at > _STEADY_SECONDS:
            self.backoff_seconds = 0.0
        self.restart_at = time.monotonic() + self.backoff_seconds
        log.warning("%s %s; it starts again in %g s.", self.name, self.ending, self.backoff_seconds)
        self.backoff_seconds = min(max(1.0, 2 * self.backoff_seconds), _LONGEST_BACKOFF_SECONDS)

    def signal(self, number: signal.Signals) -> None:
        """Signal the child alone, not what it started."""
        if self.child is not None and self.is_running:
            os.kill(self.child.pid, number)


class Supervisor:
    """Runs parts until told to stop; TERM or INT once stops in order, twice at once.

    :param stages: in the order of starting; the parts of one stage stop together, and
        stages stop in the reverse order
    """

    def __init__(self, stages: Sequence[Sequence[Part]]) -> None:
        self._stages = stages
        self._bell = Bell(signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)

    @property
    def _parts(self) -> list[Part]:
        return [part for stage in self._stages for part in stage]

    def run(self, *, when_up: Callable[[], None] = lambda: None) -> None:
        """Start everything and look after it; returns once all have stopped.

        :param when_up: called when every part has been started
        """
        try:
            if self._start():
                when_up()
                self._look_after()
        finally:
            self._stop()

    def _start(self) -> bool:
        """Start each part when those before it are ready; False when told to stop meanwhile."""
        for number, part in enumerate(self._parts, 1):
            part.start()
            endings = 0
            while not part.is_ready():
                if self._bell.wait(0.05) in (signal.SIGTERM, signal.SIGINT):
                    return False
                endings += part.has_just_ended
                if endings == _STARTS:
                    raise CannotStart(f"{part.name} {part.ending} as it started; see above.")
                self._revive(self._parts[:number])
        return True

    def _look_after(self) -> None:
        while True:
            rung = self._bell.wait(self._seconds_to_next_restart())
            if rung in (signal.SIGTERM, signal.SIGINT):
                log.info("Stopping; once more to stop at once.")
                return
            self._revive(self._parts)

    def _revive(self, parts: Sequence[Part]) -> None:
        """Start again what has ended, when its time has come."""
        for part in parts:
            if part.has_just_ended:
                part.plan_restart()
            if part.restart_at is not None and part.restart_at <= time.monotonic():
                part.start()

    def _seconds_to_next_restart(self) -> float:
        waiting = [part.restart_at - time.monotonic() for part in self._parts if part.restart_at is not None]
        return min(waiting, default=3600.0)

    def _stop(self) -> None:
        for stage in reversed(self._stages):
            for part in stage:
                part.signal(signal.SIGTERM)
            if not self._wait_for(stage):
                log.warning("Stopping at once.")
                for part in reversed(self._parts):
                    part.signal(signal.SIGKILL)
        log.info("Everything has stopped.")

    def _wait_for(self, stage: Sequence[Part]) -> bool:
        """Wait until the parts of a stage have ended; False when told to hurry."""
        begun = time.monotonic()
        while running := [part for part in stage if part.is_running]:
            for part in running:
                if time.monotonic() - begun > part.stop_seconds:
                    log.warning("%s took longer than %g s and is killed.", part.name, part.stop_seconds)
                    part.signal(signal.SIGKILL)
            if self._bell.wait(0.2) in (signal.SIGTERM, signal.SIGINT):
                return False
        return True
