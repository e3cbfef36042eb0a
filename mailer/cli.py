"""The command line: ``mailer up``, and every part of it on its own.

Commands import what they need when they run, so that the supervisor, the scheduler
and the catcher do not carry the whole application in memory.
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING

import click

from mailer.config import BadSetting, Settings, in_force, load
from mailer.runtime import logs

if TYPE_CHECKING:
    from flask import Flask


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def mailer(context: click.Context) -> None:
    """Self-hosted email marketing: run it, and look after it."""
    context.obj = load()


def main() -> None:
    """Run the command line; a setting that cannot be used is one sentence and exit 2."""
    try:
        mailer(prog_name="mailer")
    except BadSetting as error:
        click.echo(error, err=True)
        sys.exit(2)


@mailer.command()
@click.option("--queues", default="transactional,campaigns", show_default=True, help="Whose jobs to take.")
@click.option("--threads", type=click.IntRange(1, 64), help="[default: MAILER_WORKER_THREADS]")
@click.pass_obj
def worker(settings: Settings, queues: str, threads: int | None) -> None:
    """Do background work from some of the queues."""
    from mailer.runtime.worker import run_worker

    logs.begin(f"worker ({queues})", settings.log_level)
    # By name: the actors stand above the product, and nothing in it may import them.
    load_actors = import_module("workers").load_all
    run_worker(
        application(settings),
        load_actors,
        queues=queues.split(","),
        threads=threads or settings.worker_threads,
    )


@mailer.command()
@click.option("--to", "revision", default="head", show_default=True, help="A revision, or -1 for one back.")
@click.pass_obj
def migrate(settings: Settings, revision: str) -> None:
    """Bring the database to this version's tables, or to another's."""
    from mailer.runtime.migrations import migrate_to

    logs.begin("migrate", settings.log_level)
    with application(settings).app_context():
        migrate_to(revision)


@mailer.command("config")
@click.pass_obj
def show_config(settings: Settings) -> None:
    """Print the settings in force, with secrets masked."""
    for name, value in in_force(settings).items():
        click.echo(f"{name}={value}")


def application(settings: Settings) -> "Flask":
    """Build the application for a command that needs it."""
    from mailer.app import create_app

    return create_app(settings)


if __name__ == "__main__":
    main()
