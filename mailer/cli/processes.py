"""The processes of an installation: all of them together, and each on its own."""

import click

from mailer.cli.building import core, load_actors, with_doors
from mailer.config import Settings
from mailer.errors import Invalid
from mailer.runtime import logs


@click.command()
@click.pass_obj
def up(settings: Settings) -> None:
    """Run everything: broker, web, workers, scheduler, catcher."""
    from mailer.runtime.up import Everything

    logs.begin("mailer", settings.log_level)
    everything = Everything(
        settings, core(settings), with_doors=lambda: with_doors(settings), load_actors=load_actors
    )
    everything.run()


@click.command()
@click.option("--processes", type=click.IntRange(1, 64), default=1, show_default=True)
@click.pass_obj
def web(settings: Settings, processes: int) -> None:
    """Serve the pages and the API."""
    from mailer.runtime.web import serve

    logs.begin("web", settings.log_level)
    app = with_doors(settings)
    serve(lambda: app, bind=settings.bind, port=settings.port, processes=processes)


@click.command()
@click.option(
    "--queues", default="transactional,webhooks,campaigns", show_default=True, help="Whose jobs to take."
)
@click.option("--threads", type=click.IntRange(1, 64), help="[default: MAILER_WORKER_THREADS]")
@click.pass_obj
def worker(settings: Settings, queues: str, threads: int | None) -> None:
    """Do background work from some of the queues."""
    from mailer.runtime.worker import run_worker

    logs.begin(f"worker ({queues})", settings.log_level)
    run_worker(
        core(settings),
        load_actors,
        queues=queues.split(","),
        threads=threads or settings.worker_threads,
    )


@click.command()
@click.pass_obj
def scheduler(settings: Settings) -> None:
    """Ask for the jobs that come round."""
    import dramatiq

    from mailer.broker import broker_for
    from mailer.runtime.scheduler import run_scheduler

    logs.begin("scheduler", settings.log_level)
    dramatiq.set_broker(broker_for(settings.broker_url))
    run_scheduler()


@click.command()
@click.pass_obj
def catcher(settings: Settings) -> None:
    """Catch mail on this machine, for the inbox page."""
    from mailer.catcher.server import run_catcher

    logs.begin("catcher", settings.log_level)
    run_catcher(settings.data_dir, port=settings.catcher_port)


@click.command()
@click.pass_obj
def submission(settings: Settings) -> None:
    """Take messages from programs that speak SMTP. It listens at MAILER_SUBMISSION_PORT."""
    from mailer.transactional.submission.server import run_submission

    if not settings.submission_port:
        raise Invalid("Set MAILER_SUBMISSION_PORT, such as 2587, first.")
    logs.begin("submission", settings.log_level)
    run_submission(
        core(settings),
        host=settings.bind,
        port=settings.submission_port,
        certificate=settings.submission_certificate,
        private_key=settings.submission_private_key,
    )


@click.command()
@click.option("--bind", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=2525, show_default=True)
@click.option("--lmtp", "is_lmtp", is_flag=True, help="Speak LMTP, as a mail server hands mail on.")
@click.pass_obj
def inbound(settings: Settings, bind: str, port: int, is_lmtp: bool) -> None:
    """Take mail that comes back. For people who point an MX, a transport or a pipe here."""
    from mailer.bounces.inbound import run_inbound

    logs.begin("inbound", settings.log_level)
    run_inbound(core(settings).app_context, host=bind, port=port, is_lmtp=is_lmtp)
