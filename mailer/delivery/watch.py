"""Hearing at once that the gate would answer otherwise: somebody left, or a campaign was stopped.

A sender asks the gate about a thousand people when it claims them, and must not go on
for a second after one of them has unsubscribed; to ask again before every message would
cost more than sending it. So the database tells: PostgreSQL by ``NOTIFY`` from triggers,
SQLite by a number that triggers raise, looked at when its file has changed (migration
0006). It is asked once in each round of messages, since what is told by itself comes late
on a busy machine. A connection pooler that hands out connections by the transaction swallows
``NOTIFY``: workers need a direct one.
"""

from typing import Any, Final, Protocol

from psycopg import OperationalError
from psycopg.pq import ConnStatus

from mailer.db import db

_CHANNEL: Final = "mailer_gate"


class Watch(Protocol):
    """Says whether the gate's answers may have changed since it was last asked."""

    def changed(self) -> bool:
        """Return whether to ask the gate again.

        :raises Exception: the driver's own, when the connection broke
        """
        ...

    def close(self) -> None:
        """Listen no more."""
        ...


def open_watch() -> Watch:
    """Begin to listen, over a connection of its own."""
    connection = db.engine.raw_connection()
    driver = connection.driver_connection
    connection.detach()
    return _Notices(driver) if db.engine.dialect.name == "postgresql" else _Changes(driver)


class _Notices:
    """PostgreSQL's."""

    def __init__(self, driver: Any) -> None:
        self._driver = driver
        driver.autocommit = True
        driver.execute(f"LISTEN {_CHANNEL}")

    def changed(self) -> bool:
        # The shortest round trip that there is: whatever was committed before it began has been
        # told when it ends. The driver's own ``execute`` would take ten times as long.
        line = self._driver.pgconn
        line.exec_(b"")
        if line.status != ConnStatus.OK:
            raise OperationalError(line.get_error_message())
        is_told = False
        while line.notifies() is not None:
            is_told = True
        return is_told

    def close(self) -> None:
        self._driver.close()


class _Changes:
    """SQLite's."""

    def __init__(self, driver: Any) -> None:
        self._driver = driver
        self._version, self._number = self._read_version(), self._read_number()

    def changed(self) -> bool:
        # Two microseconds; nearly always that is all.
        version = self._read_version()
        if version == self._version:
            return False
        number = self._read_number()
        is_changed = number != self._number
        self._version, self._number = version, number
        return is_changed

    def close(self) -> None:
        self._driver.close()

    def _read_version(self) -> int:
        return int(self._driver.execute("PRAGMA data_version").fetchone()[0])

    def _read_number(self) -> int:
        return int(self._driver.execute("SELECT number FROM gate_changes").fetchone()[0])
