"""SQLite made ready: its settings, functions of ours, and its writers one after the other.

It lets one write at a time. Threads of this process wait for a lock, whose next holder begins at
once; other processes' are asked for again and again. What is here listens to every engine.
"""

import os
import sqlite3
import time
from collections import defaultdict
from threading import local
from typing import Any, Final

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.pool import Pool

from mailer.lib.fair_lock import FairLock
from mailer.lib.ids import uuid7

#: An option of a connection: its transactions wait for no writer, and write nothing.
READ_ONLY: Final = "mailer_read_only"
#: Kilobytes of SQLite's cache, of each connection.
USUAL_CACHE: Final = 16_000
#: How often whoever waits to write looks again. Who looks more often is first when the lock is free.
LOOK_AGAIN_SECONDS: Final = 0.0002
#: How often a process does that gives way to others, like a campaign's worker, and for how long.
_LOOK_AGAIN_LATER_SECONDS: Final = 0.002
_GIVE_WAY_SECONDS: Final = 0.1
#: How long a writer waits for others on SQLite.
_BUSY_SECONDS: Final = 30
_BUSY_TIMEOUT: Final = f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000}"
_TURN: Final = "mailer_turn"
#: By SQLite's file: whose turn it is to write, of the threads of this process.
_turns: Final[defaultdict[str | None, FairLock]] = defaultdict(FairLock)


class _Thread(local):
    """What one thread does with SQLite."""

    is_writing = False


_thread: Final = _Thread()


def is_writing() -> bool:
    """Whether this thread has a transaction in which it may write, on SQLite."""
    return _thread.is_writing


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, record: Any) -> None:
    if type(connection).__module__ != "sqlite3":
        return
    # The driver would begin late and DEFERRED; ``_begin_immediate`` begins instead.
    connection.isolation_level = None
    # Deterministic, so that SQLite asks once for each run of a statement (``columns.new_id``).
    connection.create_function("mailer_uuid7_start", 0, _uuid7_start, deterministic=True)
    # SQLite has its own only from 3.41 on.
    connection.create_function("mailer_unhex", 1, bytes.fromhex, deterministic=True)
    for pragma in (
        "journal_mode = WAL",
        "synchronous = NORMAL",
        "foreign_keys = ON",
        f"cache_size = -{USUAL_CACHE}",
        "temp_store = MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute(_BUSY_TIMEOUT)


def _uuid7_start() -> bytes:
    return uuid7().bytes[:9]


@event.listens_for(Engine, "begin")
def _begin_immediate(connection: Any) -> None:
    # A deferred transaction that reads and then writes fails at once when another
    # wrote in between, whatever the busy timeout; measured, it lost 99 of 600
    # concurrent increments, IMMEDIATE none at the same speed.
    if connection.dialect.name != "sqlite":
        return
    if connection.get_execution_options().get(READ_ONLY):
        connection.exec_driver_sql("BEGIN")
        return
    if _TURN not in connection.info:
        turn = _turns[connection.engine.url.database]
        # Whoever waits in vain hears of it from SQLite, as those of other processes do.
        connection.info[_TURN] = turn if turn.acquire(timeout=_BUSY_SECONDS) else None
        _thread.is_writing = True
    _begin_to_write(connection)


def _begin_to_write(connection: Any) -> None:
    """Begin once other processes let us, looking again every moment.

    SQLite itself looks again after 1, 2, 5 … 100 ms: eight threads that wrote what programs
    posted, beside a worker, spent most of their time asleep. A process that gives
    way looks more rarely than those that somebody waits for, which else lose the lock to a campaign's
    workers again and again; not for ever, since others may never pause.

    :raises sqlalchemy.exc.OperationalError: they never did, or something else is wrong
    """
    driver = connection.connection.driver_connection
    now = time.monotonic()
    gives_up_at = now + _BUSY_SECONDS
    gives_way_until = now + _GIVE_WAY_SECONDS if os.getpriority(os.PRIO_PROCESS, 0) > 0 else now
    driver.execute("PRAGMA busy_timeout = 0")
    try:
        while now < gives_up_at:
            try:
                driver.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                # The extended code says why; its last byte, what.
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    break
                time.sleep(_LOOK_AGAIN_LATER_SECONDS if now < gives_way_until else LOOK_AGAIN_SECONDS)
                now = time.monotonic()
            else:
                return
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        driver.execute(_BUSY_TIMEOUT)


@event.listens_for(Pool, "checkin")
def _end_turn(connection: Any, record: Any) -> None:
    """Let the next of this process's threads write: SQLite would have it look again after up to 100 ms."""
    if _TURN not in record.info:
        return
    turn: FairLock | None = record.info.pop(_TURN)
    _thread.is_writing = False
    if turn is not None:
        turn.release()
