"""A few rows of several tables, written hundreds of times a second, by the driver itself.

To run an insert through SQLAlchemy takes several times as long as to insert: it finds out
each time what it found out before. Here the statement, and the form in which each value is
stored, are found out once.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, nullcontext
from typing import Any, Final, NamedTuple, cast

import psycopg
from sqlalchemy import Dialect, Insert, Table, insert
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from mailer.db import db

Row = Mapping[str, Any]


class Inserted:
    """How rows of one table are written.

    Columns that are not named get the default that the model has for all rows alike.

    :param names: of the columns that each row has a value for
    :param made: columns that the database makes a value for, each by an expression; what
        such an expression wants to know is in each row under its parameter's name
    """

    def __init__(self, model: Any, *names: str, made: Mapping[str, Any] | None = None) -> None:
        table = cast(Table, model.__table__)
        self._constants: Row = {
            column.name: column.default.arg
            for column in table.columns
            if isinstance(column.default, ScalarElementColumnDefault) and column.name not in names
        }
        self._statement: Insert = insert(table).values(dict(made or {}))
        self._names: Final = (*names, *self._constants)
        self._forms: dict[str, _Form] = {}

    def form_for(self, dialect: Dialect) -> "_Form":
        """Return the statement of a database, and how it stores what rows hold."""
        form = self._forms.get(dialect.name)
        if form is None:
            form = self._forms[dialect.name] = _form(self._statement, self._names, self._constants, dialect)
        return form


class _Form(NamedTuple):
    """A statement of one database.

    :ivar places: each parameter's name, and what puts its value into the stored form
    :ivar is_named: whether parameters are given by name, rather than by place
    """

    sql: str
    places: Sequence[tuple[str, Callable[[Any], Any] | None]]
    constants: Row
    is_named: bool

    def parameters(self, row: Row) -> Any:
        """Return a row as the driver takes it."""
        values = {**self.constants, **row}
        stored = [values[name] if store is None else store(values[name]) for name, store in self.places]
        return dict(zip((name for name, _ in self.places), stored, strict=True)) if self.is_named else stored


def insert_rows(rows: Mapping[Inserted, Sequence[Row]]) -> None:
    """Insert rows table by table, on PostgreSQL in one round trip.

    :raises sqlalchemy.exc.IntegrityError: a row breaks a constraint
    :raises sqlalchemy.exc.OperationalError: the database is away, or cannot write
    """
    dialect = db.session.get_bind().dialect
    forms = [(inserted.form_for(dialect), given) for inserted, given in rows.items()]
    # All that can be done before the transaction begins: on SQLite others wait for its end.
    ready = [(form.sql, form.parameters(row)) for form, given in forms for row in given]
    driver: Any = db.session.connection().connection.driver_connection
    try:
        with (
            driver.pipeline() if dialect.name == "postgresql" else nullcontext(),
            closing(driver.cursor()) as cursor,
        ):
            for sql, parameters in ready:
                cursor.execute(sql, parameters)
    except (sqlite3.IntegrityError, psycopg.IntegrityError) as error:
        raise IntegrityError(None, None, error) from error
    except (sqlite3.OperationalError, psycopg.OperationalError) as error:
        raise OperationalError(None, None, error) from error


def _form(statement: Insert, names: Sequence[str], constants: Row, dialect: Dialect) -> _Form:
    compiled = statement.compile(dialect=dialect, column_keys=list(names))
    binds: Mapping[str, Any] = compiled.binds
    places = [
        (name, binds[name].type.dialect_impl(dialect).bind_processor(dialect))
        for name in compiled.positiontup or binds
    ]
    return _Form(str(compiled), places, constants, is_named=not compiled.positional)
