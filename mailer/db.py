"""The database: one session, the parent of every table, and what every room asks of rows.

SQLite is the default and PostgreSQL the choice of a growing team; everything here
makes the two behave alike.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import ColumnElement, Connection, MetaData, Select, Table, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, registry

from mailer.columns import Id, Json, UtcDateTime
from mailer.errors import NotFound
from mailer.lib.clock import utcnow
from mailer.lib.ids import parse_id, public_id, uuid7
from mailer.sqlite import LOOK_AGAIN_SECONDS, READ_ONLY, is_writing

Row = TypeVar("Row")

#: What is raised when the database is down, is restarted, hangs, or has no time for us.
DATABASE_AWAY: Final = (InterfaceError, OperationalError, PoolTimeout)
_ROOM: Final = text(
    "SELECT set_config('work_mem', '64MB', true)"
    " WHERE pg_size_bytes(current_setting('work_mem')) < pg_size_bytes('64MB')"
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


db = SQLAlchemy(model_class=Base)


def begin_reading() -> None:
    """Begin a transaction that only reads, so that pages do not wait for writers on SQLite.

    One that has begun already goes on as it is.
    """
    if not db.session().in_transaction():
        db.session.connection(execution_options={READ_ONLY: True})


def let_others_write() -> None:
    """Give a moment to those who wait to write on SQLite; for between two transactions of many.

    Who writes without a pause is always first, and a program that posted waited for several
    thousand rows of a campaign's preparation. So the pause is longer than theirs between two looks.
    """
    if db.session.get_bind().dialect.name == "sqlite":
        time.sleep(5 * LOOK_AGAIN_SECONDS)


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
    return db.session.get_bind().dialect.name == "sqlite" and not is_writing()


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
