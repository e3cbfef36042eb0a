"""The two kinds of child that the supervisor has: a program, and a fork of itself.

A fork starts at once and shares what was imported before it: the application is
loaded once, where each process loading it would take seconds and 60 MB.
"""

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from mailer.runtime.parent import end_with_parent

log = logging.getLogger(__name__)

_HEARD: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)


class Child(Protocol):
    """A process that was started."""

    pid: int

    def poll(self) -> int | None:
        """Return its exit status once it has ended, a negative one for the signal that killed it."""


def start_program(command: Sequence[str]) -> Child:
    """Start a program in a session of its own."""
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)


def start_fork(work: Callable[[], None], *, stop_seconds: float = 10.0) -> Child:
    """Start a fork of this process, in a session of its own, that does one thing and ends.

    There must be no thread and no open connection here, for the fork would break them.

    :param stop_seconds: how long it may take to stop when this process has died
    """
    # A signal waits until the fork has stopped hearing with its parent's ears.
    signal.pthread_sigmask(signal.SIG_BLOCK, _HEARD)
    parent = os.getpid()
    try:
        pid = os.fork()
        if pid == 0:
            _live(work, parent, stop_seconds)
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HEARD)
    return _Fork(pid)


class _Fork:
    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._status: int | None = None

    def poll(self) -> int | None:
        if self._status is None:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:
                self._status = 1
            else:
                self._status = os.waitstatus_to_exitcode(status) if pid else None
        return self._status


def _live(work: Callable[[], None], parent: int, stop_seconds: float) -> None:
    """Be the child, and never return."""
    status = 1
    try:
        os.setsid()
        for number in _HEARD:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HEARD)
        end_with_parent(parent, stop_seconds=stop_seconds)
        work()
        status = 0
    except SystemExit as ending:
        status = ending.code if isinstance(ending.code, int) else 1
    except BaseException:
        log.exception("This process ends by a mistake of ours.")
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
