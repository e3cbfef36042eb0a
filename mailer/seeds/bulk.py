"""Many rows at once, by the fastest way that each database has."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Table

from mailer.db import db


class Bulk:
    """Rows on their way into the database, in the form that it stores.

    Values are put into that form once where they are made, not once for each row that
    repeats them: asking every value for its type took half of the time.
    """

    def __init__(self) -> None:
        self._connection = db.session.connection()
        self.is_postgresql = self._connection.dialect.name == "postgresql"
        self.id: Callable[[UUID], Any] = self._hex if self.is_postgresql else self._bytes

    def moment(self, moment: datetime) -> str:
        """Return a moment as it is stored."""
        utc = moment.astimezone(UTC)
        return str(utc if self.is_postgresql else utc.replace(tzinfo=None))

    def copy_in(self, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Insert rows: by COPY on PostgreSQL, and by one prepared statement on SQLite.

        Nothing is checked or filled in on the way, so that rows come complete.

        :param rows: values in the order of the columns; ids and moments in stored form, JSON as text
        """
        if not rows:
            return
        names = ", ".join(f'"{column}"' for column in columns)
        if self.is_postgresql:
            cursor: Any = self._connection.connection.driver_connection.cursor()  # type: ignore[union-attr]
            with cursor, cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:
                copy.write("".join([_as_copy_text(row) for row in rows]))
            return
        places = ", ".join("?" * len(columns))
        self._connection.exec_driver_sql(
            f'INSERT INTO "{table.name}" ({names}) VALUES ({places})',  # noqa: S608  - our own tables' names
            rows,
        )

    @staticmethod
    def _hex(identifier: UUID) -> str:
        return identifier.hex

    @staticmethod
    def _bytes(identifier: UUID) -> bytes:
        return identifier.bytes


_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _as_copy_text(row: Sequence[Any]) -> str:
    return "\t".join(["\\N" if value is None else str(value).translate(_ESCAPED) for value in row]) + "\n"
