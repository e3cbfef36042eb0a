"""The command line: ``mailer up``, and every part of it on its own.

Commands import what they need when they run, so that a scheduler or a catcher on its
own does not carry the whole application in memory.
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING

import click

from mailer.config import BadSetting, Settings, in_force, load
from mailer.errors import MailerError
from mailer.runtime import logs
from mailer.runtime.ports import PortTaken
from mailer.runtime.supervisor import CannotStart

if TYPE_CHECKING:
    from flask import Flask


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def mailer(context: click.Context) -> None:
    """Self-hosted email marketing: run it, and look after it."""
    context.obj = load()


def main() -> None:
    """Run the command line; what stops it is one sentence, and exit 2."""
    try:
        mailer(prog_name="mailer")
    except (BadSetting, CannotStart, MailerError, PortTaken) as error:
        click.echo(error, err=True)
        sys.exit(2)


@mailer.command()
@click.pass_obj
def up(settings: Settings) -> None:
    """Run everything: broker, web, workers, scheduler, mail catcher."""
    from mailer.runtime.up import Everything

    logs.begin("mailer", settings.log_level)
    Everything(settings, application(settings), load_actors).run()


@mailer.command()
@click.option("--processes", type=click.IntRange(1, 64), default=1, show_default=True)
@click.pass_obj
def web(settings: Settings, processes: int) -> None:
    """Serve the pages and the API."""
    from mailer.runtime.web import serve

    logs.begin("web", settings.log_level)
    serve(application(settings), bind=settings.bind, port=settings.port, processes=processes)


@mailer.command()
@click.option("--queues", default="transactional,campaigns", show_default=True, help="Whose jobs to take.")
@click.option("--threads", type=click.IntRange(1, 64), help="[default: MAILER_WORKER_THREADS]")
@click.pass_obj
def worker(settings: Settings, queues: str, threads: int | None) -> None:
    """Do background work from some of the queues."""
    from mailer.runtime.worker import run_worker

    logs.begin(f"worker ({queues})", settings.log_level)
    run_worker(
        application(settings),
        load_actors,
        queues=queues.split(","),
        threads=threads or settings.worker_threads,
    )


@mailer.command()
@click.pass_obj
def scheduler(settings: Settings) -> None:
    """Ask for the jobs that come round."""
    import dramatiq

    from mailer.broker import broker_for
    from mailer.runtime.scheduler import run_scheduler

    logs.begin("scheduler", settings.log_level)
    dramatiq.set_broker(broker_for(settings.broker_url))
    run_scheduler()


@mailer.command()
@click.pass_obj
def catcher(settings: Settings) -> None:
    """Catch mail on this machine, for the inbox page."""
    from mailer.catcher.server import run_catcher

    logs.begin("catcher", settings.log_level)
    run_catcher(settings.data_dir, port=settings.catcher_port)


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


def load_actors() -> None:
    """Register the actors with the broker; by name, since they stand above the product."""
    import_module("workers").load_all()


def application(settings: Settings) -> "Flask":
    """Build the application for a command that needs it."""
    from mailer.app import create_app

    return create_app(settings)


if __name__ == "__main__":
    main()
