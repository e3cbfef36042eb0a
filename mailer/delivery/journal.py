"""What a worker did since the database last heard of it: one small file for each batch.

A line is written before the final dot and another after the reply. Both survive
``kill -9`` of the process, at one or two microseconds each where a commit would cost
three hundred, so that the database can take outcomes in batches. The living worker
holds the file's lock: a journal that can be locked belongs to a dead one.
"""

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import UUID

from mailer.delivery.engine.outcomes import Outcome, Verdict
from mailer.lib.ids import uuid7

_SUFFIX: Final = ".journal"
_COMPOSING, _COMPOSED, _INTENT, _ANSWER = "c", "h", "d", "r"


def folder(data_dir: Path) -> Path:
    """Return where this machine's journals are."""
    return data_dir / "journals"


class Journal:
    """The journal of one batch; its name is the ``worker`` of the batch's deliveries."""

    def __init__(self, where: Path) -> None:
        where.mkdir(parents=True, exist_ok=True)
        self.name = f"{socket.gethostname()[:40]}-{uuid7().hex}"
        self._path = where / f"{self.name}{_SUFFIX}"
        # Locked under another name first: a sweep must never find it unlocked.
        new = self._path.with_suffix(".new")
        self._file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        os.write(self._file, f"{_boot_id()}\n".encode())
        new.rename(self._path)

    def composing(self, delivery_id: UUID) -> None:
        """Note that the message is being made; whoever dies here may have died of it."""
        self._note(_COMPOSING, delivery_id)

    def composed(self, delivery_id: UUID) -> None:
        """Note that the message is made and on its way to the server."""
        self._note(_COMPOSED, delivery_id)

    def intends(self, delivery_id: UUID) -> None:
        """Note that the final dot comes next."""
        self._note(_INTENT, delivery_id)

    def answered(self, delivery_id: UUID, outcome: Outcome) -> None:
        """Note what became of it."""
        told = [outcome.verdict, outcome.code, outcome.is_about_address, outcome.reply]
        self._note(_ANSWER, delivery_id, json.dumps(told))

    def remove(self) -> None:
        """End the journal: the database knows all of it."""
        self._path.unlink(missing_ok=True)
        os.close(self._file)

    def leave(self) -> None:
        """Let go of the journal without ending it, so that the next sweep replays it."""
        os.close(self._file)

    def _note(self, kind: str, delivery_id: UUID, words: str = "") -> None:
        os.write(self._file, f"{kind} {delivery_id.hex} {words}\n".encode())


@dataclass
class Story:
    """What the journal of a dead worker tells.

    :param is_whole: nothing that was written can be missing; false when the machine
        itself went down since, and with it what was not on its disk
    """

    worker: str
    is_whole: bool
    composing: set[UUID] = field(default_factory=set)
    intents: set[UUID] = field(default_factory=set)
    answers: dict[UUID, Outcome] = field(default_factory=dict)


def living(where: Path) -> set[str]:
    """Return the names of the journals here, whose workers speak for themselves."""
    return {path.stem for path in where.glob(f"*{_SUFFIX}")}


def orphans(where: Path) -> Iterator[Story]:
    """Yield the story of each journal whose worker is dead, and remove the journal after it.

    The caller commits what it made of a story before it asks for the next.
    """
    for path in sorted(where.glob(f"*{_SUFFIX}")):
        try:
            file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield _read(path)
            path.unlink(missing_ok=True)
        except BlockingIOError:
            pass
        finally:
            os.close(file)


def _read(path: Path) -> Story:
    boot_id, *lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    story = Story(worker=path.stem, is_whole=boot_id == _boot_id())
    for line in lines:
        # The last line may be cut short; what it would have said is then in doubt.
        with suppress(ValueError):
            _take(story, line)
    return story


def _take(story: Story, line: str) -> None:
    if not line:
        return
    kind, text, words = line.split(" ", 2)
    delivery_id = UUID(text)
    if kind == _COMPOSING:
        story.composing.add(delivery_id)
    elif kind == _COMPOSED:
        story.composing.discard(delivery_id)
    elif kind == _INTENT:
        story.intents.add(delivery_id)
    elif kind == _ANSWER:
        verdict, code, is_about_address, reply = json.loads(words)
        story.composing.discard(delivery_id)
        story.answers[delivery_id] = Outcome(Verdict(verdict), reply, code, is_about_address=is_about_address)


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return "unknown"
