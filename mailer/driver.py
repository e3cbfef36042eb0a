"""What is asked and written hundreds of times a second, by the driver itself.

To run a statement through SQLAlchemy takes several times as long as to run it: it finds out
each time what it found out before. Here the statement, and the form in which each value is
stored, are found out once.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from typing import Any, Final, NamedTuple, cast

from sqlalchemy import ClauseElement, Dialect, Insert, SelectBase, Table, insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from mailer.db import db, driver_looking_first

Row = Mapping[str, Any]
#: Puts a value into another form; none for one that has it already.
_Processor = Callable[[Any], Any] | None


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
            form = self._forms[dialect.name] = _form(self._statement, self._constants, dialect, self._names)
        return form


class Question:
    """A SELECT whose answer takes a few rows.

    :param statement: what it wants to know is in parameters that take one value each
    """

    def __init__(self, statement: SelectBase) -> None:
        self._statement = statement
        self._forms: dict[str, tuple[_Form, Sequence[_Processor]]] = {}

    def ask(self, about: Sequence[Row]) -> list[tuple[Any, ...]]:
        """Return the rows that answer it, of everything that is asked about one after the other.

        :param about: values of the parameters; each asks once
        :raises sqlalchemy.exc.OperationalError: the database is away
        """
        dialect = db.session.get_bind().dialect
        form, readers = self._form_for(dialect)
        found: list[Any] = []
        with driver_looking_first() as driver, _at_once(driver, dialect):
            cursors = [driver.cursor().execute(form.sql, form.parameters(each)) for each in about]
            for cursor in cursors:
                found += cursor.fetchall()
                cursor.close()
        return [
            tuple(value if read is None else read(value) for value, read in zip(row, readers, strict=True))
            for row in found
        ]

    def _form_for(self, dialect: Dialect) -> "tuple[_Form, Sequence[_Processor]]":
        form = self._forms.get(dialect.name)
        if form is None:
            readers = [
                column.type.dialect_impl(dialect).result_processor(dialect, None)
                for column in self._statement.selected_columns
            ]
            form = self._forms[dialect.name] = (_form(self._statement, {}, dialect), readers)
        return form


class _Form(NamedTuple):
    """A statement of one database.

    :ivar places: each parameter's name, and what puts its value into the stored form
    :ivar is_named: whether parameters are given by name, rather than by place
    """

    sql: str
    places: Sequence[tuple[str, _Processor]]
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
    with _at_once(driver, dialect), closing(driver.cursor()) as cursor:
        for sql, parameters in ready:
            cursor.execute(sql, parameters)


def _form(statement: ClauseElement, constants: Row, dialect: Dialect, names: Sequence[str] = ()) -> _Form:
    compiled: Any = statement.compile(dialect=dialect, column_keys=list(names) or None)
    binds = {name: bind for bind, name in compiled.bind_names.items()}
    places = [
        (name, binds[name].type.dialect_impl(dialect).bind_processor(dialect))
        for name in compiled.positiontup or binds
    ]
    literals = {name: bind.value for name, bind in binds.items() if bind.value is not None}
    return _Form(str(compiled), places, {**literals, **constants}, is_named=not compiled.positional)


@contextmanager
def _at_once(driver: Any, dialect: Dialect) -> Iterator[None]:
    """Let PostgreSQL take several statements without waiting for the answer of each.

    What the driver raises is raised as whoever uses SQLAlchemy knows it. A line that broke
    takes all others with it, as there: else each would cost a caller of its own.
    """
    try:
        with driver.pipeline() if dialect.name == "postgresql" else nullcontext():
            yield
    except dialect.loaded_dbapi.Error as error:
        if dialect.is_disconnect(cast(Any, error), driver, None):
            # Else to roll back would fail as well.
            db.session.connection().invalidate(error)
            db.engine.dispose()
        raise DBAPIError.instance(None, None, error, dialect.loaded_dbapi.Error, dialect=dialect) from error
