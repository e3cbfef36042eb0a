"""Hearing at once that the gate would answer otherwise: somebody left, or a campaign was stopped.

A sender asks the gate about a thousand people when it claims them, and must not go on
for a second after one of them has unsubscribed; to ask again before every message would
cost more than sending it. So the database tells: PostgreSQL by ``NOTIFY`` from triggers,
SQLite by a number that triggers raise, looked at when its file has changed (migration
0006). It is asked once in each round of messages, since what is told by itself comes late
on a busy machine; on PostgreSQL before the round waits for the network, and heard after it:
to wait for each answer took a sixth of the worker's time. A connection pooler that hands out
connections by the transaction swallows ``NOTIFY``: workers need a direct one.
"""

import time
from typing import Any, Final, Protocol

from psycopg import OperationalError
from psycopg.pq import ConnStatus

from mailer.db import db

_CHANNEL: Final = "mailer_gate"
#: An answer to what was asked longer ago says too little. A message takes as long.
_FRESH_SECONDS: Final = 0.001


class Watch(Protocol):
    """Says whether the gate's answers may have changed since it was last asked."""

    def ask(self) -> None:
        """Begin to find out, so that ``changed`` need not wait.

        :raises Exception: the driver's own, when the connection broke
        """
        ...

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
        self._line = driver.pgconn
        #: When the question began whose answer was not heard yet; 0 for none.
        self._asked_at = 0.0

    def ask(self) -> None:
        # The shortest round trip that there is: whatever was committed before it began has been
        # told when it ends. The driver's own ``execute`` would take ten times as long.
        if not self._asked_at:
            self._asked_at = time.monotonic()
            self._line.send_query(b"")

    def changed(self) -> bool:
        if self._asked_at and time.monotonic() - self._asked_at > _FRESH_SECONDS:
            self._hear()
        self.ask()
        self._hear()
        is_told = False
        while self._line.notifies() is not None:
            is_told = True
        return is_told

    def _hear(self) -> None:
        while self._line.get_result() is not None:
            pass
        self._asked_at = 0.0
        if self._line.status != ConnStatus.OK:
            raise OperationalError(self._line.get_error_message())

    def close(self) -> None:
        self._driver.close()


class _Changes:
    """SQLite's."""

    def __init__(self, driver: Any) -> None:
        self._driver = driver
        self._version, self._number = self._read_version(), self._read_number()

    def ask(self) -> None:
        # It is as quick as to remember the answer.
        pass

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
