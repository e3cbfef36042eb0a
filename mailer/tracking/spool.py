"""Events on disk between the door and the database.

The door appends one line for each open and click and answers; a worker on the same
machine takes the file away and reads it. So a link works, and its click is counted
later, while the database is down. A line is in the kernel's hands before the answer
leaves: it survives the death of the process, not that of the machine.
"""

import fcntl
import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

from mailer.lib.ids import uuid7

_CURRENT: Final = "events.spool"
_TAKEN: Final = "*.taken"
_LONGEST_USER_AGENT: Final = 300
#: A reader waits for so long, and a little more.
_HELD_SECONDS: Final = 0.02


class Event(NamedTuple):
    """One open or click as it came in; a tuple, since a thousand are made a second.

    :param id: its own, so that it is stored once however often it is read
    :param link_number: which link was followed; None for an open
    :param network: where it came from, as ``lib.networks.network_of`` has it
    """

    id: UUID
    message_id: UUID
    delivery_id: UUID
    at: datetime
    link_number: int | None = None
    user_agent: str = ""
    network: str = ""


class Spool:
    """Where one machine's events wait."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._current = folder / _CURRENT
        self._file: int | None = None
        self._inode = 0
        # Threads share the open file, and with it the lock on it.
        self._turn = threading.Lock()
        self._is_held = threading.Event()
        self._releaser: threading.Thread | None = None

    def append(self, event: Event) -> None:
        """Write an event down.

        :raises OSError: the disk is full or gone
        """
        # By hand, as JSON has it: the same few user agents need not be escaped again and again.
        number = "null" if event.link_number is None else event.link_number
        line = (
            f'["{event.id.hex}","{event.message_id.hex}","{event.delivery_id.hex}",{event.at.timestamp()!r},'
            f"{number},{_quoted(event.user_agent[:_LONGEST_USER_AGENT])},{_quoted(event.network)}]"
        )
        with self._turn:
            os.write(self._held(), line.encode() + b"\n")

    @contextmanager
    def reading(self) -> Iterator[bool]:
        """Be the only one on this machine who reads; False when somebody else does."""
        self._folder.mkdir(parents=True, exist_ok=True)
        file = os.open(self._folder / "reader.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield True
        except BlockingIOError:
            yield False
        finally:
            os.close(file)

    def take(self) -> list[Path]:
        """Take away what was written so far; return all files that wait to be read, oldest first."""
        if self._current.exists():
            taken = self._folder / f"{uuid7().hex}.taken"
            self._current.rename(taken)
            # Whoever was about to write has the lock; once it is free, nobody writes there again.
            file = os.open(taken, os.O_RDONLY | os.O_CLOEXEC)
            fcntl.flock(file, fcntl.LOCK_EX)
            os.close(file)
        return sorted(self._folder.glob(_TAKEN))

    def _held(self) -> int:
        """Return the current file, whose lock is held from now on for some milliseconds.

        A lock for each event took three times as long as to write it: other threads wait at each
        call of the system.
        """
        if self._file is not None and self._is_held.is_set():
            return self._file
        file = self._locked()
        if self._releaser is None:
            self._releaser = threading.Thread(target=self._release, name="spool", daemon=True)
            self._releaser.start()
        self._is_held.set()
        return file

    def _release(self) -> None:
        """Let readers in again and again, whether or not another event comes."""
        while self._is_held.wait():
            time.sleep(_HELD_SECONDS)
            with self._turn:
                self._is_held.clear()
                if self._file is not None:
                    fcntl.flock(self._file, fcntl.LOCK_UN)

    def _locked(self) -> int:
        """Return the current file, locked, and not one that was just taken away."""
        while True:
            if self._file is None:
                self._folder.mkdir(parents=True, exist_ok=True)
                self._file = os.open(
                    self._current, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600
                )
                self._inode = os.fstat(self._file).st_ino
            fcntl.flock(self._file, fcntl.LOCK_SH)
            try:
                if os.stat(self._current).st_ino == self._inode:
                    return self._file
            except FileNotFoundError:
                pass
            os.close(self._file)
            self._file = None


@lru_cache(maxsize=20_000)
def _quoted(text: str) -> str:
    return json.dumps(text)


def read(path: Path) -> Iterator[Event]:
    """Yield the events of a file; a line that was cut short by a crash is left out."""
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                # What came from where is written since version 0.4; lines from before have no network.
                identifier, message_id, delivery_id, at, link_number, user_agent, *rest = json.loads(line)
                yield Event(
                    UUID(identifier),
                    UUID(message_id),
                    UUID(delivery_id),
                    datetime.fromtimestamp(at, UTC),
                    link_number,
                    user_agent,
                    str(rest[0]) if rest else "",
                )
            except (ValueError, TypeError, OverflowError):
                continue
