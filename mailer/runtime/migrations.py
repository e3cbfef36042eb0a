"""Moving the database between versions of its tables."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from mailer.db import db

_FOLDER = Path(__file__).parent.parent / "migrations"


def migrate_to(revision: str) -> None:
    """Bring the database to a revision, up or down; to run it again changes nothing.

    :param revision: ``head``, the name of one, ``base``, or ``-1`` for the one before
    """
    config = _config()
    if revision == "head" or _is_ahead(revision):
        command.upgrade(config, revision)
    else:
        command.downgrade(config, revision)


def is_current() -> bool:
    """Whether the database has exactly the tables of this version."""
    return _revision() == _head()


def _is_ahead(revision: str) -> bool:
    """Whether a revision is one that the database has not reached."""
    if revision == "base" or revision.startswith("-"):
        return False
    script = ScriptDirectory.from_config(_config())
    return revision not in {step.revision for step in script.iterate_revisions(_revision(), "base")}


def _revision() -> str | None:
    # A connection of its own, given back at once: a session's would still hold SQLite's lock
    # when the migration asks for it.
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


@cache
def _head() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    return config
