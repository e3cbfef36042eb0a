"""Which of very many texts were there before, in bounded memory."""

import sqlite3
from collections.abc import Sequence
from types import TracebackType
from typing import Self


class Seen:
    """Texts that came by; beyond a few megabytes they lie in a temporary file, which nobody else sees."""

    def __init__(self) -> None:
        # An empty name is SQLite's for a database on the disk that is gone when it is closed.
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("CREATE TABLE seen (text TEXT PRIMARY KEY) WITHOUT ROWID")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def add(self, texts: Sequence[str]) -> int:
        """Take texts in.

        :return: how many are here for the first time
        """
        before = self._database.total_changes
        self._database.execute("BEGIN")
        self._database.executemany("INSERT OR IGNORE INTO seen VALUES (?)", [(text,) for text in texts])
        self._database.execute("COMMIT")
        return self._database.total_changes - before
