"""Run migrations inside the application."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import JSON

from mailer.columns import Id, UtcDateTime
from mailer.db import db
from mailer.runtime.sqlite_checks import spell_out_checks


def _render_type(kind: str, value: Any, autogen: AutogenContext) -> str | Literal[False]:
    if kind != "type":
        return False
    if isinstance(value, Id | UtcDateTime):
        autogen.imports.add(f"from mailer.columns import {type(value).__name__}")
        return f"{type(value).__name__}()"
    if isinstance(value, JSON):
        autogen.imports.add("from mailer.columns import Json")
        return "Json"
    return False


def run() -> None:
    """Migrate over the application's engine."""
    with db.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        if db.engine.dialect.name == "sqlite":
            # A table is changed by rebuilding it, and dropping the old one would delete all that
            # refers to it. Said to the driver itself: inside a transaction it would do nothing.
            driver.execute("PRAGMA foreign_keys = OFF")
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            render_item=_render_type,
            render_as_batch=True,
            transaction_per_migration=True,
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
        if db.engine.dialect.name == "sqlite":
            spell_out_checks(driver)
            assert driver.execute("PRAGMA foreign_key_check").fetchone() is None
            driver.execute("PRAGMA foreign_keys = ON")


run()
