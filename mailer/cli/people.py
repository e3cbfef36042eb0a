"""People in bulk: in, out, made up for trying, and the proof of their consent."""

import sys
from pathlib import Path
from typing import Any

import click

from mailer.cli.building import core
from mailer.config import Settings


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option("--workspace", help="Its slug, id or name.")
@click.option("--list", "lists", multiple=True, help="Id or name; more than once for several.")
@click.option("--tag", "tags", multiple=True, help="Put on everyone in the file.")
@click.option("--basis", default="", help="When and how these people agreed; kept as the proof.")
@click.option(
    "--mapping",
    type=click.File(encoding="utf-8"),
    help="JSON: heading → what the column is, or an empty text.",
)
@click.option(
    "--existing", type=click.Choice(["fill", "overwrite", "keep"]), default="fill", show_default=True
)
@click.option("--suppress", is_flag=True, help="Nobody in the file is to be mailed.")
@click.option("--encoding", default="", help="Of the file, when it is guessed wrongly.")
@click.option("--dry-run", is_flag=True, help="Count what would happen, and write nothing.")
@click.option("--resume", metavar="ID", help="Go on with an import that was interrupted.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def import_people(settings: Settings, as_json: bool, **chosen: Any) -> None:
    """Bring people in from a CSV file, a spreadsheet or a zip."""
    import json

    from mailer.audience.importing.command import Wanted, import_people

    bar: Any = None

    def show(done: int, total: int) -> None:
        nonlocal bar
        bar = bar or click.progressbar(length=total, label="Rows", file=sys.stderr)
        bar.update(done - bar.pos)

    with core(settings).app_context():
        result = import_people(Wanted(**chosen), show)
    if bar is not None:
        bar.render_finish()
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False))
    else:
        click.echo("\n".join(f"{name.replace('_', ' '):<16} {value}" for name, value in result.items()))
    if result.get("error"):
        sys.exit(1)


@click.command("export")
@click.option("--workspace", required=True, help="Its slug, id or name.")
@click.option("--list", "list_name", help="Only those with a place on this list, by id or name.")
@click.option("--search", default="", help="Only those whose address or name begins so.")
@click.option("--suppressions", is_flag=True, help="The suppressed addresses instead of people.")
@click.option("--format", "format_", type=click.Choice(["csv", "jsonl"]), default="csv", show_default=True)
@click.option(
    "--output", type=click.Path(dir_okay=False, writable=True), default="-", help="[default: stdout]"
)
@click.pass_obj
def export(
    settings: Settings,
    workspace: str,
    list_name: str | None,
    search: str,
    suppressions: bool,
    format_: str,
    output: str,
) -> None:
    """Write people and all that is known of them to a file. Subscriptions, consent and events are in it."""
    from mailer.accounts.queries import workspace_called
    from mailer.audience.queries.lists import list_called
    from mailer.exports.known import Chosen
    from mailer.exports.people import csv_of_people, json_of_people
    from mailer.exports.suppressions import csv_of_suppressions
    from mailer.lib.clock import utcnow
    from mailer.segments.selection import Selection

    with core(settings).app_context(), click.open_file(output, "w", encoding="utf-8") as file:
        place = workspace_called(workspace)
        list_id = list_called(place.id, list_name).public_id if list_name else ""
        if suppressions:
            lines = csv_of_suppressions(place.id)
        else:
            chosen = Chosen.of(place.id, Selection(q=search, list=list_id), now=utcnow())
            lines = (csv_of_people if format_ == "csv" else json_of_people)(chosen)
        for line in lines:
            file.write(line)


@click.command()
@click.option("--workspace", required=True, help="Its slug, id or name.")
@click.option("--list", "list_name", required=True, help="Its id or name; made when there is none.")
@click.option("--subscribers", type=click.IntRange(1), required=True, help="How many.")
@click.option(
    "--seed", "random_seed", type=int, default=1, show_default=True, help="Other people for another."
)
@click.pass_obj
def seed(settings: Settings, workspace: str, list_name: str, subscribers: int, random_seed: int) -> None:
    """Put made-up people on a list, as many as you like. Their addresses lead nowhere."""
    from concurrent.futures import ThreadPoolExecutor
    from threading import Lock

    from mailer.accounts.queries import workspace_called
    from mailer.db import db
    from mailer.lib.clock import utcnow
    from mailer.seeds.grow import Crowd, grow, list_called

    app = core(settings)
    with app.app_context():
        mailing_list = list_called(workspace_called(workspace).id, list_name)
        crowd = Crowd.of(mailing_list, subscribers, now=utcnow(), seed=random_seed)
        public_id = mailing_list.public_id
        # PostgreSQL spends far longer on a row than we do, and takes them over two
        # connections; SQLite has one writer.
        loaders = 2 if db.engine.dialect.name == "postgresql" else 1
        db.session.commit()
    one_at_a_time = Lock()
    with (
        click.progressbar(length=subscribers, label="Subscribers", file=sys.stderr) as bar,
        ThreadPoolExecutor(loaders) as pool,
    ):

        def load(part: range) -> None:
            with app.app_context():
                for size in grow(crowd, part):
                    db.session.commit()
                    with one_at_a_time:
                        bar.update(size)

        list(pool.map(load, crowd.shared_by(loaders)))
    click.echo(public_id)


@click.group()
def consent() -> None:
    """The proof of consent."""


@consent.command("verify")
@click.option("--workspace", help="Its slug, id or name; all when left out.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def consent_verify(settings: Settings, workspace: str | None, as_json: bool) -> None:
    """Walk the chain of consent records, and find the first that was tampered with."""
    import json

    from mailer.accounts.queries import workspace_called
    from mailer.consent.verify import verify

    with core(settings).app_context():
        chains = list(verify(workspace_called(workspace).id if workspace else None))
    if as_json:
        click.echo(json.dumps([chain.as_dict() for chain in chains]))
    else:
        click.echo("\n".join(chain.line() for chain in chains) or "There is no consent record yet.")
    if any(chain.broken for chain in chains):
        sys.exit(1)
