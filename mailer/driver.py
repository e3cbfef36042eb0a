"""What is asked and written hundreds of times a second, by the driver itself.

To run a statement through SQLAlchemy takes several times as long as to run it: it finds out
each time what it found out before. Here the statement, and the form in which each value is
stored, are found out once.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, Final, NamedTuple, cast

from sqlalchemy import ClauseElement, Dialect, Float, Insert, SelectBase, Table, UpdateBase, event, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, SessionTransaction
from sqlalchemy.sql.schema import ScalarElementColumnDefault
from sqlalchemy.types import TypeEngine

from mailer.db import db, driver_looking_first

#: Under which a session keeps what it inserts last.
_AT_COMMIT: Final = "mailer.rows_at_commit"
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


class _Statement:
    """A statement with the forms of its parameters and of what it returns, for each database.

    :param statement: or what makes it of a database's dialect, a module of ``sqlalchemy.dialects``
    """

    def __init__(self, statement: Any) -> None:
        self._statement = statement
        self._forms: dict[str, tuple[_Form, Sequence[_Processor]]] = {}

    def form_for(self, dialect: Dialect) -> "tuple[_Form, Sequence[_Processor]]":
        """Return the statement of a database, and what reads each of the columns that it returns."""
        form = self._forms.get(dialect.name)
        if form is None:
            statement = self._statement
            if not isinstance(statement, ClauseElement):
                statement = statement({"postgresql": postgresql, "sqlite": sqlite}[dialect.name])
            readers = [_reader(column.type, dialect) for column in statement.exported_columns]
            form = self._forms[dialect.name] = (_form(statement, {}, dialect), readers)
        return form


class Question:
    """A SELECT whose answer takes a few rows.

    :param statement: what it wants to know is in parameters that take one value each
    """

    def __init__(self, statement: SelectBase) -> None:
        self._statement = _Statement(statement)

    def ask(self, about: Sequence[Row]) -> list[tuple[Any, ...]]:
        """Return the rows that answer it, of everything that is asked about one after the other.

        :param about: values of the parameters; each asks once
        :raises sqlalchemy.exc.OperationalError: the database is away
        """
        dialect = db.session.get_bind().dialect
        form, readers = self._statement.form_for(dialect)
        ready = [(form.sql, form.parameters(each)) for each in about]
        with driver_looking_first() as driver:
            found, _ = _run(driver, dialect, ready, is_returning=True)
        return _read(found, readers)


class Made(NamedTuple):
    """What a change came to.

    :ivar rows: what it returned
    :ivar number: how many rows were written
    """

    rows: list[tuple[Any, ...]]
    number: int


class Change:
    """An INSERT, UPDATE or DELETE, which may return something.

    :param statement: what it wants to know is in parameters that take one value each; or what makes it
        of a database's dialect, a module of ``sqlalchemy.dialects``
    """

    def __init__(self, statement: UpdateBase | Callable[[Any], UpdateBase]) -> None:
        self._statement = _Statement(statement)

    def make(self, *about: Row) -> Made:
        """Make it in the session's transaction, once for each of those rows of parameters.

        What the session has not flushed yet is not there.

        :raises sqlalchemy.exc.IntegrityError: a row breaks a constraint
        :raises sqlalchemy.exc.OperationalError: the database is away, or cannot write
        """
        if not about:
            return Made([], 0)
        dialect = db.session.get_bind().dialect
        form, readers = self._statement.form_for(dialect)
        ready = [(form.sql, form.parameters(each)) for each in about]
        driver: Any = db.session.connection().connection.driver_connection
        found, number = _run(driver, dialect, ready, is_returning=bool(readers))
        if number < 0:
            raise ValueError("Python's sqlite3 does not count what begins with WITH: let it return its rows.")
        return Made(_read(found, readers), number)


class _Form(NamedTuple):
    """A statement of one database.

    :ivar places: each parameter's name, and what puts its value into the stored form
    :ivar constants: what is the same for all rows, in that form
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
    # All that can be done before the transaction begins: on SQLite others wait for its end.
    ready = _ready(rows, dialect)
    driver: Any = db.session.connection().connection.driver_connection
    _run(driver, dialect, ready, is_returning=False)


def insert_at_commit(rows: Mapping[Inserted, Sequence[Row]]) -> None:
    """Insert rows at the end of the session's transaction; the commit raises what ``insert_rows`` would.

    On PostgreSQL they and the commit are one round trip, on SQLite nobody waits to write while the rest
    of a request is done. Until then they cannot be asked for, and a rollback forgets them. In a savepoint,
    which may be rolled back by itself, they are inserted at once.
    """
    session = db.session()
    if session.in_nested_transaction():
        insert_rows(rows)
        return
    if not session.in_transaction():
        # Else there were nothing to roll back.
        session.begin()
    session.info.setdefault(_AT_COMMIT, []).extend(_ready(rows, session.get_bind().dialect))


@event.listens_for(Session, "before_commit")
def _insert_what_waits(session: Session) -> None:
    if not session.info.get(_AT_COMMIT) or session.in_nested_transaction():
        return
    # They may name what was only added so far.
    session.flush()
    connection = session.connection()
    driver: Any = connection.connection.driver_connection
    _run(driver, connection.dialect, session.info.pop(_AT_COMMIT), is_returning=False, is_last=True)


@event.listens_for(Session, "after_transaction_end")
def _forget_what_waits(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.info.pop(_AT_COMMIT, None)


def _ready(rows: Mapping[Inserted, Sequence[Row]], dialect: Dialect) -> list[tuple[str, Any]]:
    """Return the statement for each row, with the row as the driver takes it."""
    forms = [(inserted.form_for(dialect), given) for inserted, given in rows.items()]
    return [(form.sql, form.parameters(row)) for form, given in forms for row in given]


def _run(
    driver: Any,
    dialect: Dialect,
    ready: Sequence[tuple[str, Any]],
    *,
    is_returning: bool,
    is_last: bool = False,
) -> tuple[list[Any], int]:
    """Run statements with their parameters; return the rows of all, and how many were written.

    :param is_last: nothing follows in the transaction but its commit, which may go along
    """
    found: list[Any] = []
    number = 0
    with _telling(driver, dialect):
        # PostgreSQL takes several without waiting for the answer of each; for one alone that costs more.
        with driver.pipeline() if dialect.name == "postgresql" and len(ready) > 1 else nullcontext():
            cursors = [driver.cursor().execute(sql, parameters) for sql, parameters in ready]
            if is_last and dialect.name == "postgresql":
                # The session's own, which follows, finds nothing to commit and asks for nothing. As a
                # statement: the driver's would wait for its answer before the pipeline ends.
                driver.cursor().execute("COMMIT")
        for cursor in cursors:
            if is_returning:
                found += cursor.fetchall()
            number += cursor.rowcount
            cursor.close()
    return found, len(found) if is_returning else number


def _reader(kind: TypeEngine[Any], dialect: Dialect) -> _Processor:
    if isinstance(kind, Float):
        # The drivers give it as it is; psycopg's processor would ask for the answer's own type.
        return None
    return kind.dialect_impl(dialect).result_processor(dialect, None)


def _read(found: Sequence[Any], readers: Sequence[_Processor]) -> list[tuple[Any, ...]]:
    return [
        tuple(value if read is None else read(value) for value, read in zip(row, readers, strict=True))
        for row in found
    ]


def _form(statement: ClauseElement, constants: Row, dialect: Dialect, names: Sequence[str] = ()) -> _Form:
    compiled: Any = statement.compile(dialect=dialect, column_keys=list(names) or None)
    binds = {name: bind for bind, name in compiled.bind_names.items()}
    places = [
        (name, binds[name].type.dialect_impl(dialect).bind_processor(dialect))
        for name in compiled.positiontup or binds
    ]
    literals = {name: bind.effective_value for name, bind in binds.items() if not bind.required}
    same = {**literals, **constants}
    stored = {
        name: same[name] if store is None else store(same[name]) for name, store in places if name in same
    }
    places = [(name, None if name in same else store) for name, store in places]
    return _Form(str(compiled), places, stored, is_named=not compiled.positional)


@contextmanager
def _telling(driver: Any, dialect: Dialect) -> Iterator[None]:
    """Raise what the driver raises as whoever uses SQLAlchemy knows it.

    A line that broke takes all others with it, as there: else each would cost a caller of its own.
    """
    try:
        yield
    except dialect.loaded_dbapi.Error as error:
        if dialect.is_disconnect(cast(Any, error), driver, None):
            # Else to roll back would fail as well.
            db.session.connection().invalidate(error)
            db.engine.dispose()
        raise DBAPIError.instance(None, None, error, dialect.loaded_dbapi.Error, dialect=dialect) from error
