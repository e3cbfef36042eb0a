"""Run migrations inside the application that Flask-Migrate was given."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from flask import current_app
from sqlalchemy import JSON

from mailer.db import Id, UtcDateTime, db


def _render_type(kind: str, value: Any, autogen: AutogenContext) -> str | Literal[False]:
    if kind != "type":
        return False
    if isinstance(value, Id | UtcDateTime):
        autogen.imports.add(f"from mailer.db import {type(value).__name__}")
        return f"{type(value).__name__}()"
    if isinstance(value, JSON):
        autogen.imports.add("from mailer.db import Json")
        return "Json"
    return False


def run() -> None:
    """Migrate over the application's engine."""
    with db.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            render_item=_render_type,
            render_as_batch=True,
            transaction_per_migration=True,
            compare_type=True,
            **{
                key: value
                for key, value in current_app.extensions["migrate"].configure_args.items()
                if key not in {"render_as_batch", "compare_type"}
            },
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


run()
