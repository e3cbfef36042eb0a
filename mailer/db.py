"""The database: one session, column types that mean what they say, names for constraints.

SQLite is the default and PostgreSQL the choice of a growing team; everything here
makes the two behave alike.
"""

import sqlite3
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from threading import Lock, local
from typing import Any, Final, TypeVar
from uuid import UUID, SafeUUID

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    DateTime,
    Dialect,
    Enum,
    LargeBinary,
    MetaData,
    Select,
    String,
    Table,
    Uuid,
    event,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Engine
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, registry
from sqlalchemy.pool import Pool
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import TypeDecorator

from mailer.errors import NotFound
from mailer.lib.clock import utcnow
from mailer.lib.ids import parse_id, public_id, uuid7

Row = TypeVar("Row")

READ_ONLY = "mailer_read_only"
#: What is raised when the database is down, is restarted, hangs, or has no time for us.
DATABASE_AWAY: Final = (InterfaceError, OperationalError, PoolTimeout)
#: Kilobytes of SQLite's cache, of each connection.
USUAL_CACHE: Final = 16_000
#: How long a writer waits for others on SQLite.
_BUSY_SECONDS: Final = 30
_LOOK_AGAIN_SECONDS: Final = 0.001
_BUSY_TIMEOUT: Final = f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000}"
_TURN: Final = "mailer_turn"
_ROOM: Final = text(
    "SELECT set_config('work_mem', '64MB', true)"
    " WHERE pg_size_bytes(current_setting('work_mem')) < pg_size_bytes('64MB')"
)
#: By SQLite's file: whose turn it is to write, of the threads of this process.
_turns: Final[defaultdict[str | None, Lock]] = defaultdict(Lock)


class _Thread(local):
    """What one thread does with SQLite."""

    is_writing = False


_thread: Final = _Thread()

_SET_INT: Final = UUID.int.__set__  # type: ignore[attr-defined, misc]
_SET_SAFE: Final = UUID.is_safe.__set__  # type: ignore[attr-defined, misc]


def uuid_of(stored: bytes | None) -> UUID | None:
    """Return the UUID of 16 bytes; its own constructor, which knows five forms, takes three times as long."""
    if stored is None:
        return None
    made = object.__new__(UUID)
    _SET_INT(made, int.from_bytes(stored))
    _SET_SAFE(made, SafeUUID.unknown)
    return made


def _bytes_of(value: UUID | None) -> bytes | None:
    return None if value is None else value.bytes


class Id(TypeDecorator[UUID]):
    """A UUID: PostgreSQL's own type, and 16 bytes in SQLite, where 36 characters would double every index."""

    impl = Uuid
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Choose the stored form."""
        return dialect.type_descriptor(LargeBinary(16) if dialect.name == "sqlite" else Uuid())

    def process_bind_param(self, value: UUID | None, dialect: Dialect) -> Any:
        """Turn a UUID into its stored form."""
        return value.bytes if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> UUID | None:
        """Turn the stored form into a UUID."""
        return uuid_of(value) if dialect.name == "sqlite" else value

    def bind_processor(self, dialect: Dialect) -> Any:
        """Turn UUIDs into stored forms with one call each: one message has seventeen."""
        return _bytes_of if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """Turn stored forms into UUIDs with one call each: a claim reads some thousands."""
        return uuid_of if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment in UTC; a naive one is a bug and is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store in UTC; SQLite's text then sorts by time."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError(f"{value!r} has no time zone.")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return an aware time in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Json = JSON().with_variant(JSONB(), "postgresql")


def sorted_text(length: int) -> String:
    """Return the column type of text that sorts by code point in both databases.

    A range over its index then finds every value with a prefix, whatever locale
    PostgreSQL was made with.
    """
    return String(length).with_variant(String(length, collation="C"), "postgresql")


def enum_column(kind: type[StrEnum]) -> Enum:
    """Return the column type of an enumeration: its values as text, checked by the database."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=True,
        length=32,
        values_callable=lambda members: [member.value for member in members],
    )


class Base(DeclarativeBase):
    """The parent of every table."""

    registry = registry(
        metadata=MetaData(
            naming_convention={
                "ix": "ix_%(column_0_N_label)s",
                "uq": "uq_%(table_name)s_%(column_0_N_name)s",
                "ck": "ck_%(table_name)s_%(constraint_name)s",
                "fk": "fk_%(table_name)s_%(column_0_N_name)s",
                "pk": "pk_%(table_name)s",
            }
        ),
        type_annotation_map={
            UUID: Id,
            datetime: UtcDateTime,
            dict[str, Any]: Json,
            list[str]: Json,
            list[Any]: Json,
        },
    )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {getattr(self, 'id', '')}>"


class Identified:
    """A row with an id of its own, shown outside with its kind's prefix."""

    prefix: str

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7, sort_order=-2)
    created_at: Mapped[datetime] = mapped_column(default=utcnow, sort_order=-1)

    @property
    def public_id(self) -> str:
        """The id as people and programs see it."""
        return public_id(self.prefix, self.id)


class new_id(GenericFunction[UUID]):
    """A new UUIDv7 made by the database, one for each row of an ``INSERT … SELECT``."""

    type = Id()
    inherit_cache = True


@compiles(new_id, "sqlite")
def _new_id_in_sqlite(element: new_id, compiler: Any, **options: Any) -> str:
    return "mailer_uuid7()"


@compiles(new_id, "postgresql")
def _new_id_in_postgresql(element: new_id, compiler: Any, **options: Any) -> str:
    # 48 bits of milliseconds over a random UUID, then version 7 (RFC 9562 5.7);
    # uuidv7() itself comes only with PostgreSQL 18.
    return (
        "encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) placing "
        "substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) "
        "from 1 for 6), 52, 1), 53, 1), 'hex')::uuid"
    )


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, record: Any) -> None:
    if type(connection).__module__ != "sqlite3":
        return
    # The driver would begin late and DEFERRED; ``_begin_immediate`` begins instead.
    connection.isolation_level = None
    connection.create_function("mailer_uuid7", 0, lambda: uuid7().bytes)
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
    """Begin once other processes let us, looking again every millisecond.

    SQLite itself looks again after 1, 2, 5 … 100 ms: eight threads that wrote what programs
    posted, beside a worker, spent most of their time asleep.

    :raises sqlalchemy.exc.OperationalError: they never did, or something else is wrong
    """
    driver = connection.connection.driver_connection
    gives_up_at = time.monotonic() + _BUSY_SECONDS
    driver.execute("PRAGMA busy_timeout = 0")
    try:
        while time.monotonic() < gives_up_at:
            try:
                driver.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                # The extended code says why; its last byte, what.
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    break
                time.sleep(_LOOK_AGAIN_SECONDS)
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
    turn: Lock | None = record.info.pop(_TURN)
    _thread.is_writing = False
    if turn is not None:
        turn.release()


db = SQLAlchemy(model_class=Base)


def begin_reading() -> None:
    """Begin a transaction that only reads, so that pages do not wait for writers on SQLite.

    One that has begun already goes on as it is.
    """
    if not db.session().in_transaction():
        db.session.connection(execution_options={READ_ONLY: True})


def let_others_write() -> None:
    """Give a moment to those who wait to write on SQLite; for between two transactions of many.

    They look again every millisecond: who writes without a pause is always first, and a program
    that posted waited for several thousand rows of a campaign's preparation.
    """
    if db.session.get_bind().dialect.name == "sqlite":
        time.sleep(3 * _LOOK_AGAIN_SECONDS)


def make_room() -> None:
    """Let PostgreSQL hash a million ids in memory, in this transaction.

    With the 4 MB that it has from the start it looks for each of them in an index, which
    takes five times as long. What an operator gave it beyond stays.
    """
    if db.session.get_bind().dialect.name == "postgresql":
        db.session.execute(_ROOM)


@contextmanager
def reading_apart() -> Iterator[Session]:
    """Give a session of its own that only reads, for what must neither wait nor be part of a transaction.

    What was loaded in it belongs to no session afterwards.
    """
    with Session(db.engine.execution_options(**{READ_ONLY: True})) as session:
        yield session


@contextmanager
def looking_first() -> Iterator[Connection]:
    """Give a connection to look something up with before this transaction writes.

    On SQLite, where whoever writes keeps all others from it, that is one apart until this
    thread has written something.
    """
    if not _looks_apart():
        yield db.session.connection()
        return
    with db.engine.connect().execution_options(**{READ_ONLY: True}) as connection:
        yield connection


@contextmanager
def driver_looking_first() -> Iterator[Any]:
    """Give what :func:`looking_first` does as the driver has it; apart, each statement stands for itself."""
    if not _looks_apart():
        yield db.session.connection().connection.driver_connection
        return
    with closing(db.engine.raw_connection()) as connection:
        yield connection.driver_connection


def _looks_apart() -> bool:
    return db.session.get_bind().dialect.name == "sqlite" and not _thread.is_writing


def owned(
    model: type[Row],
    workspace_id: UUID,
    public_id: str,
    *conditions: ColumnElement[bool],
    otherwise: str,
) -> Row:
    """Return the workspace's row with a public id.

    Another workspace's row is answered like one that is not there, so that nobody learns
    which ids exist.

    :param model: an :class:`Identified` table with a ``workspace_id``
    :param conditions: what else must hold of the row
    :param otherwise: the sentence for whoever asked in vain
    :raises NotFound: there is none
    """
    table: Any = model
    found: Row | None = db.session.scalar(
        select(table).where(
            table.workspace_id == workspace_id,
            table.id == parse_id(table.prefix, public_id),
            *conditions,
        )
    )
    if found is None:
        raise NotFound(otherwise)
    return found


def insert_missing(table: Any, rows: Sequence[Mapping[str, Any]], *, returning: Any = None) -> list[Any]:
    """Insert the rows that break no unique constraint, in one statement, and leave the others be.

    :param table: a model or a table
    :param returning: a column; its values of the rows that were inserted are returned
    """
    if not rows:
        return []
    dialect = postgresql if db.session.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table).on_conflict_do_nothing()
    if returning is None:
        db.session.execute(statement, rows)
        return []
    return list(db.session.scalars(statement.returning(returning), rows))


def insert_missing_from(table: Table, rows: Select[*tuple[Any, ...]]) -> None:
    """Insert what a select finds and what breaks no unique constraint, in one statement.

    :param rows: its columns are named like the table's; it has a WHERE, without which SQLite cannot
        tell what the ON of the conflict belongs to
    """
    dialect: Any = postgresql if db.session.get_bind().dialect.name == "postgresql" else sqlite
    names = [column.name for column in rows.selected_columns]
    db.session.execute(dialect.insert(table).from_select(names, rows).on_conflict_do_nothing())
