"""Many rows at once, by the fastest way that each database has."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import psycopg
from sqlalchemy import ARRAY, ColumnElement, bindparam, func, select, type_coerce
from sqlalchemy.exc import IntegrityError
from uuid_utils import uuid7

from mailer.columns import Id
from mailer.db import db
from mailer.sqlite import USUAL_CACHE

#: What COPY's text format would take for its own signs.
_COPY_SIGNS = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
#: Kilobytes of SQLite's cache while many rows are written.
_MUCH_CACHE: Final = 64_000


class AlreadyThere(Exception):
    """A row breaks a constraint: others made it, or erased what it belongs to, since it was looked for."""


def is_among(column: Any, values: Sequence[Any]) -> ColumnElement[bool]:
    """Ask whether a column is one of many values, bound as one parameter however many there are.

    :param column: of ids or of texts
    """
    is_id = isinstance(column.type, Id)
    if db.session.get_bind().dialect.name == "postgresql":
        return column == func.any(bindparam(None, list(values), type_=ARRAY(column.type)))
    texts = [value.hex for value in values] if is_id else list(values)
    each = func.json_each(json.dumps(texts)).table_valued("value")
    value = type_coerce(func.mailer_unhex(each.c.value), Id()) if is_id else each.c.value
    chosen: ColumnElement[bool] = column.in_(select(value))
    return chosen


def make_room(*, is_needed: bool = True) -> None:
    """Give SQLite's connection memory for writing many rows, or take it back; PostgreSQL has its own.

    Rows that come in no order touch every page of an index again and again: a cache that
    holds them took a million rows in 149 s instead of 249.
    """
    if db.session.get_bind().dialect.name == "sqlite":
        kilobytes = _MUCH_CACHE if is_needed else USUAL_CACHE
        db.session.connection().exec_driver_sql(f"PRAGMA cache_size = -{kilobytes}")


class Bulk:
    """Rows of text on their way into the database, in the form that it stores.

    Values are put into that form once where they are made, not once for each row that
    repeats them, and are not looked at again: escaping and asking each for its type took
    half of the time. So whatever somebody typed goes through :meth:`text` first.
    """

    def __init__(self) -> None:
        self._connection = db.session.connection()
        self.is_postgresql = self._connection.dialect.name == "postgresql"
        #: No value.
        self.null: Any = "\\N" if self.is_postgresql else None

    def id(self, identifier: UUID) -> Any:
        """Return an id as it is stored."""
        return identifier.hex if self.is_postgresql else identifier.bytes

    def new_id(self) -> Any:
        """Return a new id as it is stored; ids sort as they were made."""
        return uuid7().hex if self.is_postgresql else uuid7().bytes

    def new_ids(self, count: int) -> list[Any]:
        """Return new ids as they are stored."""
        if self.is_postgresql:
            return [uuid7().hex for _ in range(count)]
        return [uuid7().bytes for _ in range(count)]

    def ids_at(self, moment: datetime, count: int) -> list[Any]:
        """Return ids as they would have been made at a moment, so that they sort as the rows were made."""
        nanoseconds = int(moment.timestamp() * 1_000_000) * 1_000
        made = [uuid7(nanoseconds=nanoseconds) for _ in range(count)]
        return [one.hex for one in made] if self.is_postgresql else [one.bytes for one in made]

    def moment(self, moment: datetime) -> str:
        """Return a moment in UTC as it is stored."""
        return str(moment if self.is_postgresql else moment.replace(tzinfo=None))

    def text(self, text: str) -> str:
        """Return a text that may hold tabs, line ends and backslashes, JSON among them."""
        if self.is_postgresql and ("\\" in text or not text.isprintable()):
            return text.translate(_COPY_SIGNS)
        return text

    def copy_in(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Insert rows: by COPY on PostgreSQL, and by one prepared statement on SQLite.

        Nothing is checked or filled in on the way, so that rows come complete.

        :param table: the name of one of ours
        :param rows: values in the order of the columns, in stored form; JSON as text
        :raises AlreadyThere: a row breaks a constraint
        """
        if not rows:
            return
        names = ", ".join(f'"{column}"' for column in columns)
        try:
            self._insert(table, names, rows)
        except (IntegrityError, psycopg.IntegrityError) as error:
            raise AlreadyThere(str(error)) from error

    def _insert(self, table: str, names: str, rows: Sequence[Sequence[Any]]) -> None:
        if self.is_postgresql:
            cursor: Any = self._connection.connection.driver_connection.cursor()  # type: ignore[union-attr]
            with cursor, cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
                copy.write("\n".join(["\t".join(row) for row in rows]) + "\n")
            return
        places = ", ".join("?" * len(rows[0]))
        self._connection.exec_driver_sql(
            f'INSERT INTO "{table}" ({names}) VALUES ({places})',  # noqa: S608  - our own tables' names
            rows,
        )
