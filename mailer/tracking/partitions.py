"""Room for what readers will do, and an end to what they did long ago.

On PostgreSQL opens and clicks lie in one table a month (migration 0037), so that what is
no longer kept goes at once, by dropping a table, and a table of years never has to be
vacuumed. On SQLite there is one table of each, and old rows are deleted from it.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import delete, inspect, select, text

from mailer.current import settings
from mailer.db import db
from mailer.tracking.judge_again import take_turn
from mailer.tracking.models import AnonymousEvent, Click, Open

_TABLES: Final = (Open, Click, AnonymousEvent)
#: This month and so many that follow it have room of their own.
_MONTHS_AHEAD: Final = 3
_ROWS_AT_ONCE: Final = 10_000
#: ``opens_2026_11`` has November; ``opens_before_2026_11`` all that was before it.
_NAME: Final = re.compile(r"(?P<table>[a-z_]+?)_(?P<before>before_)?(?P<year>\d{4})_(?P<month>\d{2})\Z")


def kept_since(now: datetime) -> datetime | None:
    """Return the beginning of the time whose events are kept; None when all are.

    What happens with a mail that arrived before it is not counted any more: whether it was
    its reader's first could no longer be known.
    """
    months = settings().keep_events_months
    return _month(now, -months) if months else None


def make_room(*, now: datetime) -> None:
    """Make the tables of the months to come, and drop what is older than it is to be kept; commits."""
    is_partitioned = db.session.get_bind().dialect.name == "postgresql"
    since = kept_since(now)
    for model in _TABLES:
        if is_partitioned:
            # Nobody may write into a month whose rows are on their way into its table.
            take_turn()
            _add_months(model.__tablename__, now=now)
            if since is not None:
                _drop_before(model.__tablename__, since)
            db.session.commit()
        elif since is not None:
            _delete_before(model, since)


def _add_months(table: str, *, now: datetime) -> None:
    ends = [end for _, end in _partitions(table)]
    for number in range(_MONTHS_AHEAD + 1):
        begin, end = _month(now, number), _month(now, number + 1)
        # What lies before the first month of all is one table.
        if end not in ends and begin >= min(ends):
            _add(table, begin, end)


def _add(table: str, begin: datetime, end: datetime) -> None:
    name, span = f"{table}_{begin:%Y_%m}", f"'{begin.isoformat()}' AND at < '{end.isoformat()}'"
    for statement in (
        f"CREATE TABLE {name} (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)",
        # Rows that came when this month had no table yet, because nobody was there to make it.
        f"WITH moved AS (DELETE FROM {table}_rest WHERE at >= {span} RETURNING *)"  # noqa: S608
        f" INSERT INTO {name} SELECT * FROM moved",
        f"ALTER TABLE {table} ATTACH PARTITION {name}"
        f" FOR VALUES FROM ('{begin.isoformat()}') TO ('{end.isoformat()}')",
    ):
        db.session.execute(text(statement))


def _drop_before(table: str, since: datetime) -> None:
    for name, end in _partitions(table):
        if end <= since:
            db.session.execute(text(f"DROP TABLE {name}"))
    # Of clocks that went wrong, whose months have no table, or none any more.
    db.session.execute(text(f"DELETE FROM {table}_rest WHERE at < :since"), {"since": since})  # noqa: S608


def _delete_before(model: Any, since: datetime) -> None:
    while True:
        old = select(model.id).where(model.at < since).limit(_ROWS_AT_ONCE)
        found = db.session.scalars(old).all()
        db.session.execute(delete(model).where(model.id.in_(found)))
        db.session.commit()
        if len(found) < _ROWS_AT_ONCE:
            return


def _partitions(table: str) -> Iterator[tuple[str, datetime]]:
    """Yield the tables of months, each with the moment at which it ends."""
    for name in inspect(db.session.connection()).get_table_names():
        found = _NAME.match(name)
        if found is not None and found["table"] == table:
            begin = datetime(int(found["year"]), int(found["month"]), 1, tzinfo=UTC)
            yield name, begin if found["before"] else _month(begin, 1)


def _month(now: datetime, ahead: int) -> datetime:
    """Return the beginning of a month, counted from the one that a moment is in."""
    year, month = divmod(now.year * 12 + now.month - 1 + ahead, 12)
    return datetime(year, month + 1, 1, tzinfo=UTC)
