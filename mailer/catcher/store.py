"""Caught mails, in a database file of their own beside the product's.

Apart, because it is a tool for trying things out: it may be thrown away, and writing
it never waits for the product's writers.
"""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Any, Final

#: Older mails make room for newer ones.
KEPT: Final = 20_000

_FILE_NAME: Final = "catcher.sqlite"
_TRIM_EVERY: Final = 500
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS mails (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    received_at TEXT NOT NULL,
    envelope_from TEXT NOT NULL,
    envelope_to TEXT NOT NULL,
    sender TEXT NOT NULL,
    subject TEXT NOT NULL,
    message_id TEXT NOT NULL,
    size_bytes INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS sources (
    id INTEGER PRIMARY KEY REFERENCES mails (id) ON DELETE CASCADE,
    source BLOB NOT NULL
);
"""
_COLUMNS: Final = "id, received_at, envelope_from, envelope_to, sender, subject, message_id, size_bytes"


@dataclass(frozen=True)
class CaughtMail:
    """One mail as the list shows it."""

    id: int
    received_at: datetime
    envelope_from: str
    envelope_to: tuple[str, ...]
    sender: str
    subject: str
    message_id: str
    size_bytes: int


class Store:
    """The mails of one data directory. Each process opens its own, and uses it in one thread.

    :param kept: how many mails stay
    """

    def __init__(self, data_dir: Path, *, kept: int = KEPT) -> None:
        self._kept = kept
        self._connection = sqlite3.connect(data_dir / _FILE_NAME, isolation_level=None, timeout=30.0)
        # With WAL a commit survives the death of the process, which is what answering 250 promises here.
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.executescript(_TABLES)

    def close(self) -> None:
        """Give the file back."""
        self._connection.close()

    def add(self, envelope_from: str, envelope_to: Sequence[str], source: bytes, *, now: datetime) -> int:
        """Keep a mail for good; the oldest ones make room.

        :return: its number
        """
        # The old policy: the new one parses every address, at ten times the cost.
        headers: Message = BytesHeaderParser().parsebytes(source)
        row = (
            now.isoformat(),
            envelope_from,
            json.dumps(list(envelope_to), ensure_ascii=False),
            _readable(headers.get("From")),
            _readable(headers.get("Subject")),
            _readable(headers.get("Message-ID")),
            len(source),
        )
        self._connection.execute("BEGIN IMMEDIATE")
        number = self._connection.execute(
            "INSERT INTO mails (received_at, envelope_from, envelope_to, sender, subject, message_id,"
            " size_bytes) VALUES (?, ?, ?, ?, ?, ?, ?)",
            row,
        ).lastrowid
        assert number is not None
        self._connection.execute("INSERT INTO sources (id, source) VALUES (?, ?)", (number, source))
        if number % _TRIM_EVERY == 0:
            self._connection.execute("DELETE FROM mails WHERE id <= ?", (number - self._kept,))
        self._connection.execute("COMMIT")
        return number

    def newest(
        self, *, search: str = "", below: int | None = None, above: int | None = None, limit: int = 50
    ) -> list[CaughtMail]:
        """Return mails, newest first.

        :param search: in the subject, the From line and the recipients; any case
        :param below: only older ones than this number
        :param above: only newer ones than this number: those next to it, still newest first
        """
        pattern = "%" + "".join(f"\\{c}" if c in "%_\\" else c for c in search) + "%"
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM mails"  # noqa: S608  - a constant
            " WHERE (:below IS NULL OR id < :below) AND (:above IS NULL OR id > :above)"
            " AND (:search = '' OR subject LIKE :pattern ESCAPE '\\' OR sender LIKE :pattern ESCAPE '\\'"
            " OR envelope_to LIKE :pattern ESCAPE '\\')"
            f" ORDER BY id {'DESC' if above is None else 'ASC'} LIMIT :limit",
            {"below": below, "above": above, "search": search, "pattern": pattern, "limit": limit},
        ).fetchall()
        return [_mail(row) for row in (rows if above is None else reversed(rows))]

    def get(self, number: int) -> tuple[CaughtMail, bytes] | None:
        """Return a mail and its source, or None when it made room for others."""
        row = self._connection.execute(
            f"SELECT {_COLUMNS}, source FROM mails JOIN sources USING (id) WHERE id = ?",  # noqa: S608
            (number,),
        ).fetchone()
        return None if row is None else (_mail(row[:-1]), row[-1])

    def count(self) -> int:
        """Return how many mails there are."""
        return int(self._connection.execute("SELECT count(*) FROM mails").fetchone()[0])

    def delete_all(self) -> None:
        """Throw every mail away; numbers are not used again."""
        self._connection.execute("DELETE FROM mails")


def _readable(value: object) -> str:
    try:
        return str(make_header(decode_header(str(value or "")))).strip()
    except (LookupError, ValueError):
        return str(value)


def _mail(row: tuple[Any, ...]) -> CaughtMail:
    number, received_at, envelope_from, envelope_to, sender, subject, message_id, size_bytes = row
    return CaughtMail(
        id=number,
        received_at=datetime.fromisoformat(received_at),
        envelope_from=envelope_from,
        envelope_to=tuple(json.loads(envelope_to)),
        sender=sender,
        subject=subject,
        message_id=message_id,
        size_bytes=size_bytes,
    )
