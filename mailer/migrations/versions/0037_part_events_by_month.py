"""Part opens and clicks by month, on PostgreSQL; SQLite has no such thing and stays as it is.

What is there becomes the first part as it stands, without being copied. The key takes in
the time, as PostgreSQL asks of a table that is parted by it; an event is still stored
once, since its time never changes.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

TABLES = ("opens", "clicks", "anonymous_events")
MONTHS_AHEAD = 3


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            _part(table)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            _join(table)


def _part(table: str) -> None:
    last = op.get_bind().execute(sa.text(f"SELECT greatest(max(at), now()) FROM {table}")).scalar_one()  # noqa: S608
    begin = _month(last, 1)
    before = f"{table}_before_{begin:%Y_%m}"
    indexes, keys = list(_indexes(table)), list(_foreign_keys(table))
    op.execute(f"ALTER TABLE {table} RENAME TO {before}")
    op.execute(f"ALTER TABLE {before} DROP CONSTRAINT pk_{table}")
    op.execute(f"ALTER TABLE {before} ADD PRIMARY KEY (id, at)")
    for name, _ in indexes:
        op.execute(f"ALTER INDEX {name} RENAME TO {name}_before")
    op.execute(
        f"CREATE TABLE {table} (LIKE {before} INCLUDING DEFAULTS INCLUDING CONSTRAINTS) PARTITION BY RANGE (at)"
    )
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT pk_{table} PRIMARY KEY (id, at)")
    _furnish(table, indexes, keys)
    op.execute(f"ALTER TABLE {table} ATTACH PARTITION {before} FOR VALUES FROM (MINVALUE) TO ('{begin}')")
    op.execute(f"CREATE TABLE {table}_rest PARTITION OF {table} DEFAULT")
    for number in range(1, MONTHS_AHEAD + 1):
        first, end = _month(last, number), _month(last, number + 1)
        op.execute(
            f"CREATE TABLE {table}_{first:%Y_%m} PARTITION OF {table} FOR VALUES FROM ('{first}') TO ('{end}')"
        )


def _join(table: str) -> None:
    indexes, keys = list(_indexes(table)), list(_foreign_keys(table))
    op.execute(f"CREATE TABLE {table}_whole (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)")
    op.execute(f"INSERT INTO {table}_whole SELECT * FROM {table}")  # noqa: S608
    op.execute(f"DROP TABLE {table}")
    op.execute(f"ALTER TABLE {table}_whole RENAME TO {table}")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT pk_{table} PRIMARY KEY (id)")
    _furnish(table, indexes, keys)


def _furnish(table: str, indexes: list[Any], keys: list[Any]) -> None:
    for _, definition in indexes:
        op.execute(definition)
    for name, definition in keys:
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")


def _indexes(table: str) -> Iterator[Any]:
    """Yield the names and definitions of a table's indexes, without that of its key."""
    found = op.get_bind().execute(
        sa.text(
            "SELECT indexname, replace(indexdef, ' ON ONLY ', ' ON ') FROM pg_indexes"
            " WHERE schemaname = current_schema() AND tablename = :table AND indexname <> :key"
        ),
        {"table": table, "key": f"pk_{table}"},
    )
    yield from found.all()


def _foreign_keys(table: str) -> Iterator[Any]:
    found = op.get_bind().execute(
        sa.text(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conrelid = CAST(:table AS regclass) AND contype = 'f'"
        ),
        {"table": table},
    )
    yield from found.all()


def _month(at: datetime, ahead: int) -> datetime:
    at = at.astimezone(UTC)
    year, month = divmod(at.year * 12 + at.month - 1 + ahead, 12)
    return datetime(year, month + 1, 1, tzinfo=UTC)
