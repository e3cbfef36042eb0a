"""Where a message's numbered links lead: in memory, else on disk, else in the database.

A frozen message never changes, so what was read once holds for ever, and a restart
while the database is down still knows every link that this machine served before.
"""

import json
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final
from uuid import UUID

_MESSAGES_IN_MEMORY: Final = 2_000

Load = Callable[[UUID], list[str] | None]


class KnownLinks:
    """The links of messages.

    :param load: asks the database; returns None for a message that is not there
    """

    def __init__(self, folder: Path, load: Load) -> None:
        self._folder, self._load = folder, load
        self._links: dict[UUID, list[str]] = {}
        self._turn = threading.Lock()

    def of(self, message_id: UUID) -> list[str] | None:
        """Return a message's links, or None when there is no such message.

        Whatever ``load`` raises passes through: then nobody knows.
        """
        # Without the lock, which every click would wait for: reading one entry needs none.
        links = self._links.get(message_id)
        if links is not None:
            return links
        links = self._on_disk(message_id)
        if links is None:
            links = self._load(message_id)
            if links is None:
                return None
            self._keep(message_id, links)
        with self._turn:
            self._links[message_id] = links
            while len(self._links) > _MESSAGES_IN_MEMORY:
                del self._links[next(iter(self._links))]
        return links

    def _on_disk(self, message_id: UUID) -> list[str] | None:
        try:
            links: list[str] = json.loads(self._path(message_id).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return links

    def _keep(self, message_id: UUID, links: list[str]) -> None:
        path = self._path(message_id)
        # Whole or not at all; and a disk that is full must not stop a link.
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            new = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
            new.write_text(json.dumps(links), encoding="utf-8")
            new.rename(path)

    def _path(self, message_id: UUID) -> Path:
        return self._folder / f"{message_id.hex}.json"
