"""Many rows at once, by the fastest way that each database has."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Table
from uuid_utils import uuid7

from mailer.db import db


class Bulk:
    """Rows of text on their way into the database, in the form that it stores.

    Values are put into that form once where they are made, not once for each row that
    repeats them, and are not looked at again: escaping and asking each for its type took
    half of the time. So none may hold a tab, a line end or a backslash.
    """

    def __init__(self) -> None:
        self._connection = db.session.connection()
        self._is_postgresql = self._connection.dialect.name == "postgresql"

    def id(self, identifier: UUID) -> Any:
        """Return an id as it is stored."""
        return identifier.hex if self._is_postgresql else identifier.bytes

    def ids_at(self, moment: datetime, count: int) -> list[Any]:
        """Return ids as they would have been made at a moment, so that they sort as the rows were made."""
        nanoseconds = int(moment.timestamp() * 1_000_000) * 1_000
        made = [uuid7(nanoseconds=nanoseconds) for _ in range(count)]
        return [one.hex for one in made] if self._is_postgresql else [one.bytes for one in made]

    def moment(self, moment: datetime) -> str:
        """Return a moment in UTC as it is stored."""
        return str(moment if self._is_postgresql else moment.replace(tzinfo=None))

    def copy_in(self, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Insert rows: by COPY on PostgreSQL, and by one prepared statement on SQLite.

        Nothing is checked or filled in on the way, so that rows come complete.

        :param rows: values in the order of the columns, in stored form; JSON as text
        """
        names = ", ".join(f'"{column}"' for column in columns)
        if self._is_postgresql:
            cursor: Any = self._connection.connection.driver_connection.cursor()  # type: ignore[union-attr]
            with cursor, cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:
                copy.write("\n".join(["\t".join(row) for row in rows]) + "\n")
            return
        places = ", ".join("?" * len(columns))
        self._connection.exec_driver_sql(
            f'INSERT INTO "{table.name}" ({names}) VALUES ({places})',  # noqa: S608  - our own tables' names
            rows,
        )
