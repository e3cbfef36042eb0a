"""What every process of the product has, whether it answers requests or not."""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Final

import dramatiq
from flask import Flask
from pydantic_core import from_json

import mailer.patience  # noqa: F401  - listens to engines
from mailer.broker import broker_for
from mailer.config import Settings, load
from mailer.db import db

#: Modules whose tables no door imports.
TABLES = (
    "mailer.accounts.models",
    "mailer.api.models",
    "mailer.audience.models",
    "mailer.bounces.models",
    "mailer.bulk_changes.models",
    "mailer.campaigns.models",
    "mailer.composing.media.models",
    "mailer.composing.models",
    "mailer.consent.models",
    "mailer.delivery.models",
    "mailer.events.models",
    "mailer.reports.models",
    "mailer.runtime.models",
    "mailer.segments.models",
    "mailer.signup.models",
    "mailer.tracking.models",
    "mailer.transactional.models",
    "mailer.webhooks.models",
)

#: Modules that listen to signals of rooms below theirs.
LISTENERS: tuple[str, ...] = (
    "mailer.audience.erase",
    "mailer.bounces.merged",
    "mailer.bounces.timeline",
    "mailer.campaigns.click_tags",
    "mailer.campaigns.follow_run",
    "mailer.campaigns.names",
    "mailer.campaigns.narrowing",
    "mailer.composing.plant",
    "mailer.consent.imported",
    "mailer.consent.merged",
    "mailer.consent.timeline",
    "mailer.delivery.merged",
    "mailer.exports.one_person",
    "mailer.segments.joined",
    "mailer.signup.mails",
    "mailer.signup.merged",
    "mailer.signup.questions",
    "mailer.events.merged",
    "mailer.events.timeline",
    "mailer.tracking.convert",
    "mailer.tracking.deeds",
    "mailer.tracking.departures",
    "mailer.tracking.timeline",
    "mailer.transactional.system_mail",
    "mailer.webhooks.listen",
)


#: Readers' fields are JSON, and are read with every claim: this is four times as fast.
ENGINE_OPTIONS: Final[Mapping[str, Any]] = {"json_deserializer": from_json}
#: Each of a process's threads has a connection to keep: with the five that SQLAlchemy keeps, a web server's
#: eight made thousands of new ones under load. The last one used comes first: it remembers most.
_POOL: Final[Mapping[str, Any]] = {"pool_size": 10, "pool_use_lifo": True}


def create_core(settings: Settings | None = None) -> Flask:
    """Build the application without its doors, for workers and commands.

    It starts in two thirds of the time and in two thirds of the memory.

    :param settings: what :func:`mailer.config.load` returned; read from the environment if left out
    :raises mailer.config.BadSetting: a setting cannot be used
    """
    with here_to_stay():
        app = Flask("mailer")
        equip(app, settings or load())
    return app


def equip(app: Flask, settings: Settings) -> None:
    """Give an application its settings, tables, listeners to signals, broker and database."""
    app.config.from_mapping(
        SETTINGS=settings,
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS={**ENGINE_OPTIONS, **_POOL},
    )
    for module in (*TABLES, *LISTENERS):
        import_module(module)
    dramatiq.set_broker(broker_for(settings.broker_url))
    db.init_app(app)


@contextmanager
def here_to_stay() -> Iterator[None]:
    """Build what lives as long as the process: to look through it for garbage takes a fifth of the start."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
