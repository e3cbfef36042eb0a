"""The CHECKs of SQLite's tables, in the words that cost it least.

Each statement that writes a row makes a table of the values of every ``IN`` that it checks. When a
server's answer was recorded, three such tables were two thirds of the work.
"""

import logging
import re
import sqlite3
from typing import Final

log = logging.getLogger(__name__)

_TEXT: Final = r"'(?:[^']|'')*'"
_LIST: Final = re.compile(rf'(?<![\w"])(?!NOT )([\w"]+) IN \(({_TEXT}(?:, *{_TEXT})*)\)')


def spell_out_checks(driver: sqlite3.Connection) -> None:
    """Put the lists of texts in all CHECKs into ``=`` and ``OR``; done already, it changes nothing.

    As SQLite's documentation tells of changes that touch no row (“Making Other Kinds Of Table Schema
    Changes”), it is one write to the schema, however long the tables are. A SQLite that lets nobody
    write there, such as Apple's, is left as it is: slower and no less right.
    """
    tables = driver.execute("SELECT sql, name FROM sqlite_master WHERE type = 'table'").fetchall()
    changed = [(spelled_out(sql), name) for sql, name in tables if spelled_out(sql) != sql]
    if not changed:
        return
    driver.execute("PRAGMA writable_schema = ON")
    driver.execute("BEGIN IMMEDIATE")
    try:
        driver.executemany("UPDATE sqlite_master SET sql = ? WHERE type = 'table' AND name = ?", changed)
        version: int = driver.execute("PRAGMA schema_version").fetchone()[0]
        # So that this and every other connection reads the schema again.
        driver.execute(f"PRAGMA schema_version = {version + 1}")
        driver.execute("COMMIT")
    except sqlite3.OperationalError as error:
        driver.execute("ROLLBACK")
        log.info("The CHECKs of the tables stay as they are: %s", error)
    finally:
        driver.execute("PRAGMA writable_schema = OFF")


def spelled_out(sql: str) -> str:
    """Return a table's SQL with ``a IN ('x', 'y')`` as ``(a = 'x' OR a = 'y')``."""
    return _LIST.sub(_alternatives, sql)


def _alternatives(found: re.Match[str]) -> str:
    column, values = found.groups()
    return f"({' OR '.join(f'{column} = {value}' for value in re.findall(_TEXT, values))})"
