"""Many rows at once, by the fastest way that each database has."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Table, insert

from mailer.db import db

Row = Sequence[Any]


def copy_in(table: Table, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Insert rows: by COPY on PostgreSQL, and by one prepared statement on SQLite.

    Nothing is checked or filled in on the way, so that rows come complete.

    :param rows: values in the order of the columns; JSON as text
    """
    connection = db.session.connection()
    if connection.dialect.name == "postgresql":
        cursor: Any = connection.connection.driver_connection.cursor()  # type: ignore[union-attr]
        names = ", ".join(f'"{column}"' for column in columns)
        with cursor, cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:
            copy.write("".join([_as_copy_text(row) for row in rows]))
        return
    statement = insert(table).values(dict.fromkeys(columns)).compile(dialect=connection.dialect)
    connection.exec_driver_sql(str(statement), [tuple(_as_sqlite(value) for value in row) for row in rows])


_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _as_copy_text(row: Row) -> str:
    return "\t".join([_as_copy_value(value) for value in row]) + "\n"


def _as_copy_value(value: Any) -> str:
    if value is None:
        return "\\N"
    return value.translate(_ESCAPED) if isinstance(value, str) else str(value)


def _as_sqlite(value: Any) -> Any:
    if isinstance(value, UUID):
        return value.bytes
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    return value
