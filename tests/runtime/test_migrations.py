"""Migrations lead to the tables that the models describe, and back to none."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import Column, MetaData, Table, create_engine, inspect, text

from mailer.app import create_app
from mailer.config import Settings
from mailer.db import db
from mailer.lib.clock import utcnow
from mailer.lib.ids import uuid7
from mailer.runtime.migrations import is_current, migrate_to

EVENTS = ("opens", "clicks", "anonymous_events")


@pytest.fixture
def empty_app(settings: Settings, tmp_path: Path) -> Iterator[Flask]:
    """The application over a database without any table."""
    url = settings.database_url
    if url.startswith("sqlite"):
        other = f"sqlite:///{tmp_path / 'other.sqlite'}"
    else:
        _in_postgresql(url, "CREATE DATABASE migrations")
        other = url.replace("/test?", "/migrations?")
    app = create_app(settings.model_copy(update={"database_url": other}))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()
    if not url.startswith("sqlite"):
        _in_postgresql(url, "DROP DATABASE migrations")


def test_the_newest_tables_are_those_of_the_models(empty_app: Flask):
    migrate_to("head")

    with db.engine.connect() as connection:
        # SQLite has no NOTIFY; a trigger of the migrations' counts there instead. PostgreSQL's
        # tables of a month are parts of others.
        made_aside = re.compile(r"gate_changes|.*_(rest|(before_)?\d{4}_\d{2})")
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_name": lambda name, kind, _: kind != "table" or not made_aside.fullmatch(name),
            },
        )
        assert compare_metadata(context, db.metadata) == []
    assert is_current()


def test_each_step_can_be_taken_back_and_again(empty_app: Flask):
    migrate_to("head")

    migrate_to("-1")
    assert not is_current()
    migrate_to("+1")
    assert is_current()

    # Through every step, down and up again; by one command, for each reads all the others first.
    migrate_to("base")
    assert _tables() == {"alembic_version"}
    migrate_to("head")
    assert is_current()


def test_events_of_all_months_outlive_parting_and_joining(empty_app: Flask):
    """0037: what is there becomes one part, what comes lies in its month; and back again."""
    if db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has no parts.")
    month = timedelta(days=31)
    now = utcnow()
    migrate_to("0036")
    parents = _parents()
    stored = {
        table: [_insert(table, at=now - each * month, **parents) for each in (30, 2, 1, 0)]
        for table in EVENTS
    }

    migrate_to("0037")
    for table in EVENTS:
        # The past, each month that was made ahead, and one that nobody made.
        for at in (now - 40 * month, *(now + each * month for each in (1, 2, 3)), now + 300 * month):
            stored[table].append(_insert(table, at=at, **parents))
    assert _events() == stored
    parts = _parts_of("opens")
    assert parts["opens_rest"] == 1
    assert [rows for name, rows in parts.items() if name.startswith("opens_before_")] == [5]
    assert sorted(parts.values()) == [1, 1, 1, 1, 5]

    migrate_to("0036")
    assert _events() == stored
    assert not [name for name in _tables() if name.startswith("opens_")]

    # Again, with a clock that went wrong among the rows: the first part then ends behind it.
    migrate_to("0037")
    assert _events() == stored
    for table in EVENTS:
        stored[table].append(_insert(table, at=now, **parents))
    assert _events() == stored


def _parents() -> dict[str, object]:
    """Insert what an event hangs on."""
    workspace = _insert("workspaces", accent_color="#b45309")
    campaign = _insert(
        "campaigns", workspace_id=workspace, status="draft", format="markdown", text_mode="generated"
    )
    message = _insert("messages", workspace_id=workspace, kind="campaign")
    delivery = _insert(
        "deliveries", workspace_id=workspace, message_id=message, state="accepted", ended_at=utcnow()
    )
    verdict = {"verdict": "human", "reason": "not_judged"}
    return {"workspace_id": workspace, "campaign_id": campaign, "delivery_id": delivery, **verdict}


def _insert(name: str, **values: object) -> UUID:
    """Insert a row into a table as it is at this revision, with anything in what must not be empty."""
    table = Table(name, MetaData(), autoload_with=db.engine)
    row = {column.name: values.get(column.name, _anything(column)) for column in table.columns}
    row = {key: value for key, value in row.items() if value is not None}
    with db.engine.begin() as connection:
        connection.execute(table.insert(), row)
    return row["id"]


def _anything(column: Column[Any]) -> object:
    if column.nullable or column.server_default is not None:
        return None
    kind = column.type.python_type
    return {UUID: uuid7, datetime: utcnow, str: lambda: "x", object: list}.get(kind, kind)()


def _events() -> dict[str, list[UUID]]:
    with db.engine.connect() as connection:
        return {
            table: list(connection.scalars(text(f"SELECT id FROM {table} ORDER BY id"))) for table in EVENTS
        }


def _parts_of(table: str) -> dict[str, int]:
    """Return how many rows are in each part."""
    with db.engine.connect() as connection:
        found = connection.execute(text(f"SELECT tableoid::regclass::text, count(*) FROM {table} GROUP BY 1"))
        return dict(found.all())


def _tables() -> set[str]:
    return set(inspect(db.engine).get_table_names())


def _in_postgresql(url: str, statement: str) -> None:
    engine = create_engine(url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(statement))
    engine.dispose()
