"""Migrations lead to the tables that the models describe, and back to none."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import create_engine, inspect, text

from mailer.app import create_app
from mailer.config import Settings
from mailer.db import db
from mailer.runtime.migrations import is_current, migrate_to


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
    while _tables() != {"alembic_version"}:
        migrate_to("-1")
        migrate_to("+1")
        migrate_to("-1")

    assert not is_current()
    migrate_to("head")
    assert is_current()


def _tables() -> set[str]:
    return set(inspect(db.engine).get_table_names())


def _in_postgresql(url: str, statement: str) -> None:
    engine = create_engine(url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(statement))
    engine.dispose()
