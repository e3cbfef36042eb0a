"""What a worker did since the database last heard of it: one small file for each shift.

What is about to be handed over is noted before a byte of it is written, and what was
answered before the next is handed over. Both survive ``kill -9`` of the process, at
about a microsecond each where a commit would cost three hundred, so that the database
can take outcomes in batches. The living worker holds the file's lock: a journal that
can be locked belongs to a dead one.
"""

import fcntl
import json
import mmap
import os
import socket
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import UUID

from mailer.delivery.engine.outcomes import Outcome, Verdict
from mailer.lib.ids import uuid7

_SUFFIX: Final = ".journal"
_INTENT, _ACCEPTED, _ANSWER = "d", "a", "r"
#: The first page: which boot wrote it, then the delivery whose message is being made.
_PAGE: Final = mmap.PAGESIZE
_BOOT: Final = slice(0, 64)
_COMPOSING: Final = slice(64, 80)
_NOBODY: Final = bytes(16)


def folder(data_dir: Path) -> Path:
    """Return where this machine's journals are."""
    return data_dir / "journals"


class Journal:
    """The journal of one shift; its name is the ``worker`` of the batches that are held during it."""

    def __init__(self, where: Path) -> None:
        where.mkdir(parents=True, exist_ok=True)
        self.name = f"{socket.gethostname()[:40]}-{uuid7().hex}"
        self._path = where / f"{self.name}{_SUFFIX}"
        # Locked under another name first: a sweep must never find it unlocked.
        new = self._path.with_suffix(".new")
        self._file = os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        os.write(self._file, _boot_id().encode().ljust(_PAGE, b"\0"))
        # Memory that outlives the process: a note in it is as cheap as a variable.
        self._page = mmap.mmap(self._file, _PAGE)
        self._answers: list[str] = []
        new.rename(self._path)

    def composing(self, delivery_id: UUID) -> None:
        """Note that the message is being made; whoever dies here may have died of it."""
        self._page[_COMPOSING] = delivery_id.bytes

    def composed(self) -> None:
        """Note that the message is made."""
        self._page[_COMPOSING] = _NOBODY

    def intends(self, deliveries: Iterable[UUID]) -> None:
        """Note that these are handed over next, and before them what was answered meanwhile."""
        self._answers += [f"{_INTENT} {delivery_id.hex}" for delivery_id in deliveries]
        self.flush()

    def answered(self, delivery_id: UUID, outcome: Outcome) -> None:
        """Note what became of it; written before anything else is handed over."""
        if outcome.verdict is Verdict.ACCEPTED:
            self._answers.append(f"{_ACCEPTED} {delivery_id.hex} {outcome.code} {outcome.reply}")
            return
        told = [outcome.verdict, outcome.code, outcome.is_about_address, outcome.reply]
        self._answers.append(f"{_ANSWER} {delivery_id.hex} {json.dumps(told)}")

    def flush(self) -> None:
        """Write what was noted."""
        if self._answers:
            lines = "\n".join(self._answers) + "\n"
            self._answers = []
            os.write(self._file, lines.encode("utf-8", "replace"))

    def remove(self) -> None:
        """End the journal: the database knows all of it."""
        self._path.unlink(missing_ok=True)
        self.leave()

    def leave(self) -> None:
        """Let go of the journal without ending it, so that the next sweep replays it."""
        self._page.close()
        os.close(self._file)


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
    content = path.read_bytes()
    page, lines = content[:_PAGE], content[_PAGE:].decode("utf-8", "replace").split("\n")
    story = Story(worker=path.stem, is_whole=page[_BOOT].rstrip(b"\0").decode() == _boot_id())
    if len(page) == _PAGE and page[_COMPOSING] != _NOBODY:
        story.composing.add(UUID(bytes=page[_COMPOSING]))
    for line in lines:
        # The last line may be cut short; what it would have said is then in doubt.
        with suppress(ValueError):
            _take(story, line)
    return story


def _take(story: Story, line: str) -> None:
    if not line:
        return
    kind, text, *words = line.split(" ", 2)
    delivery_id = UUID(text)
    if kind == _INTENT:
        story.intents.add(delivery_id)
    elif kind == _ACCEPTED:
        code, _, reply = words[0].partition(" ")
        story.answers[delivery_id] = Outcome(Verdict.ACCEPTED, reply, int(code))
    elif kind == _ANSWER:
        verdict, number, is_about_address, reply = json.loads(words[0])
        story.answers[delivery_id] = Outcome(
            Verdict(verdict), reply, number, is_about_address=is_about_address
        )


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return "unknown"
