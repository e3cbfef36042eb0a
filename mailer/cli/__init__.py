"""The command line: ``mailer up``, and every part of it on its own.

Commands import what they need when they run, so that a scheduler or a catcher on its
own does not carry the whole application in memory.
"""

import sys
from typing import Final

import click

from mailer.cli import content, installation, people, processes, proof, results
from mailer.config import BadSetting, load
from mailer.errors import MailerError
from mailer.runtime.ports import PortTaken
from mailer.runtime.supervisor import CannotStart


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
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


_COMMANDS: Final[tuple[click.Command, ...]] = (
    processes.up,
    processes.web,
    processes.worker,
    processes.scheduler,
    processes.catcher,
    processes.submission,
    processes.inbound,
    installation.migrate,
    installation.show_config,
    installation.owner,
    installation.key,
    installation.share,
    installation.demo,
    people.import_people,
    people.export,
    people.seed,
    people.consent,
    results.bounces,
    results.agents,
    results.campaign,
    results.reports,
    content.render,
    content.preflight,
    content.designs,
    proof.bench,
    proof.chaos,
    proof.chaos_emails,
)

for command in _COMMANDS:
    mailer.add_command(command)
proof.bench.add_command(content.bench_render)
