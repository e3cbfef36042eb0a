"""The command line: ``mailer up``, and every part of it on its own.

Commands import what they need when they run, so that a scheduler or a catcher on its
own does not carry the whole application in memory.
"""

import signal
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mailer.cli import content
from mailer.config import BadSetting, Settings, in_force, load
from mailer.errors import Invalid, MailerError
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
@click.pass_obj
def submission(settings: Settings) -> None:
    """Take messages from programs that speak SMTP, at MAILER_SUBMISSION_PORT."""
    from mailer.transactional.submission.server import run_submission

    if not settings.submission_port:
        raise Invalid("Set MAILER_SUBMISSION_PORT, such as 2587, first.")
    logs.begin("submission", settings.log_level)
    run_submission(
        application(settings),
        host=settings.bind,
        port=settings.submission_port,
        certificate=settings.submission_certificate,
        private_key=settings.submission_private_key,
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


def load_actors() -> None:
    """Register the actors with the broker; by name, since they stand above the product."""
    import_module("workers").load_all()


@mailer.group()
def owner() -> None:
    """People who own a workspace."""


@owner.command("create")
@click.option("--email", required=True, help="The address to sign in with.")
@click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True)
@click.option("--workspace", required=True, help="The name of their new workspace.")
@click.option("--name", default="", help="Their own name.")
@click.pass_obj
def owner_create(settings: Settings, email: str, password: str, workspace: str, name: str) -> None:
    """Make someone who can sign in, with a workspace of their own."""
    from mailer.accounts.found import create_owner
    from mailer.db import db
    from mailer.runtime.migrations import migrate_to

    with application(settings).app_context():
        # The first command on an empty database, often: there is nothing to ask then.
        migrate_to("head")
        _, made = create_owner(email=email, password=password, workspace=workspace, name=name)
        db.session.commit()
        click.echo(made.slug)


@mailer.group()
def key() -> None:
    """Keys for programs."""


@key.command("create")
@click.option("--workspace", required=True, help="Its slug, id or name.")
@click.option("--name", required=True, help="What the key is for.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    default=("all",),
    show_default=True,
    help="all, sending, read, or one such as emails:send; may be given several times.",
)
@click.pass_obj
def key_create(settings: Settings, workspace: str, name: str, scopes: tuple[str, ...]) -> None:
    """Make an API key and print it; it cannot be shown again."""
    from mailer.accounts.keys import create_key
    from mailer.accounts.queries import workspace_called
    from mailer.accounts.scopes import KINDS
    from mailer.db import db

    with application(settings).app_context():
        meant = [one for given in scopes for one in KINDS.get(given, (given,))]
        _, secret = create_key(workspace_called(workspace).id, name=name, scopes=meant)
        db.session.commit()
        click.echo(secret)


@mailer.group()
def bounces() -> None:
    """Mails that came back."""


@bounces.command("parse")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One line of JSON for each mail.")
def bounces_parse(paths: tuple[Path, ...], as_json: bool) -> None:
    """Read mails in files and folders, and say what came back and about whom."""
    import json

    from mailer.bounces.parsers.files import mails_in
    from mailer.bounces.parsers.returned import read_returned

    for path, raw in mails_in(paths):
        told = {"path": str(path), **read_returned(raw).as_dict()}
        if as_json:
            click.echo(json.dumps(told, ensure_ascii=True))
            continue
        verdict = {True: "hard", False: "soft", None: ""}[told["hard"]]
        words = [told["class"], verdict, told["reason"] or told["feedback_type"], told["status"]]
        click.echo(f"{path}: {' '.join(filter(None, words))}  {', '.join(told['recipients'])}")


@mailer.command()
@click.option("--bind", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=2525, show_default=True)
@click.option("--lmtp", "is_lmtp", is_flag=True, help="Speak LMTP, as a mail server hands mail on.")
@click.pass_obj
def inbound(settings: Settings, bind: str, port: int, is_lmtp: bool) -> None:
    """Take mail that comes back, for people who point an MX, a transport or a pipe here."""
    from mailer.bounces.inbound import run_inbound

    logs.begin("inbound", settings.log_level)
    run_inbound(application(settings).app_context, host=bind, port=port, is_lmtp=is_lmtp)


@mailer.group()
def agents() -> None:
    """Who opens and clicks: people or machines."""


@agents.command("classify")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON for each.")
def agents_classify(as_json: bool) -> None:
    """Read user agents from standard input, one a line or one JSON value a line, and say what each is."""
    import json

    from mailer.tracking.agents import agent_in, read_agent

    for line in sys.stdin:
        user_agent = agent_in(line)
        told = {"user_agent": user_agent, **read_agent(user_agent).as_dict()}
        click.echo(json.dumps(told) if as_json else f"{told['class']:<10} {told['reason']:<26} {user_agent}")


@agents.command("judge")
@click.argument("campaign_id", metavar="ID")
@click.pass_obj
def agents_judge(settings: Settings, campaign_id: str) -> None:
    """Judge a campaign's opens and clicks again by what this version knows."""
    from mailer.campaigns.queries import campaign_anywhere
    from mailer.tracking.judge_again import judge_campaign

    with application(settings).app_context():
        click.echo(f"{judge_campaign(campaign_anywhere(campaign_id).id):,} deliveries judged again")


@mailer.group()
def campaign() -> None:
    """Campaigns and what became of them."""


@campaign.command("report")
@click.argument("campaign_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print what the API would answer.")
@click.pass_obj
def campaign_report(settings: Settings, campaign_id: str, as_json: bool) -> None:
    """Print a campaign's figures."""
    import json

    from mailer.campaigns.queries import campaign_anywhere
    from mailer.campaigns.report import report

    with application(settings).app_context():
        figures = report(campaign_anywhere(campaign_id)).as_dict()
    if as_json:
        click.echo(json.dumps(figures, ensure_ascii=False))
        return
    for name, value in figures.items():
        if name in ("links", "verdicts"):
            continue
        is_several = isinstance(value, dict)
        words = ", ".join(f"{count:,} {what}" for what, count in value.items()) if is_several else value
        click.echo(f"{name.replace('_', ' '):<16} {words}")
    for link in figures["links"]:
        click.echo(
            f"link {link['number']:<11} {link['people']} people, {link['total']} in all  {link['url']}"
        )


@mailer.group()
def reports() -> None:
    """The sums that reports are read from."""


@reports.command("rebuild")
@click.argument("campaign_ids", metavar="ID…", nargs=-1)
@click.pass_obj
def reports_rebuild(settings: Settings, campaign_ids: tuple[str, ...]) -> None:
    """Count campaigns again from every single row; all that were launched when none is named."""
    from mailer.campaigns.queries import campaign_anywhere, launched_ids
    from mailer.campaigns.rebuild import rebuild_report
    from mailer.db import db

    with application(settings).app_context():
        for campaign_id in campaign_ids or launched_ids():
            rebuild_report(campaign_anywhere(campaign_id))
            db.session.commit()
            click.echo(f"{campaign_id} is counted again")


@mailer.command()
@click.option("--workspace", required=True, help="Its slug, id or name.")
@click.option("--weight", type=click.IntRange(1, 1000), help="Beside the others’, which have 100 at first.")
@click.pass_obj
def share(settings: Settings, workspace: str, weight: int | None) -> None:
    """Say how much of the sending a workspace gets while others send too, or change it."""
    from mailer.accounts.queries import workspace_called
    from mailer.db import db
    from mailer.delivery.share import set_weight, weight_of

    with application(settings).app_context():
        chosen = workspace_called(workspace)
        if weight is not None:
            set_weight(chosen.id, weight)
            db.session.commit()
        click.echo(weight_of(chosen.id))


@mailer.command()
@click.option("--workspace", required=True, help="Its slug, id or name.")
@click.option("--list", "list_name", required=True, help="Its id or name; made when there is none.")
@click.option("--subscribers", type=click.IntRange(1), required=True, help="How many.")
@click.option(
    "--seed", "random_seed", type=int, default=1, show_default=True, help="Other people for another."
)
@click.pass_obj
def seed(settings: Settings, workspace: str, list_name: str, subscribers: int, random_seed: int) -> None:
    """Put made-up people on a list, as many as you like; their addresses lead nowhere."""
    import time
    from concurrent.futures import ThreadPoolExecutor

    from mailer.accounts.queries import workspace_called
    from mailer.db import db
    from mailer.lib.clock import utcnow
    from mailer.seeds.grow import Crowd, grow, list_called

    app = application(settings)
    with app.app_context():
        mailing_list = list_called(workspace_called(workspace).id, list_name)
        crowd = Crowd.of(mailing_list, subscribers, now=utcnow(), seed=random_seed)
        public_id = mailing_list.public_id
        # PostgreSQL spends far longer on a row than we do, and takes them over two
        # connections; SQLite has one writer.
        loaders = 2 if db.engine.dialect.name == "postgresql" else 1
        db.session.commit()
    made, began = 0, time.monotonic()

    def load(part: range) -> None:
        nonlocal made
        with app.app_context():
            for size in grow(crowd, part):
                db.session.commit()
                made += size
                rate = made / (time.monotonic() - began)
                click.echo(f"{made:,} of {subscribers:,} subscribers, {rate:,.0f} a second", err=True)

    with ThreadPoolExecutor(loaders) as pool:
        list(pool.map(load, crowd.shared_by(loaders)))
    click.echo(public_id)


@mailer.group()
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

    with application(settings).app_context():
        chains = list(verify(workspace_called(workspace).id if workspace else None))
    if as_json:
        click.echo(json.dumps([chain.as_dict() for chain in chains]))
    else:
        click.echo("\n".join(chain.line() for chain in chains) or "There is no consent record yet.")
    if any(chain.broken for chain in chains):
        sys.exit(1)


@mailer.command("import")
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
    """Bring people in from a CSV file, a spreadsheet or a zip of CSV files."""
    import json

    from mailer.audience.importing.command import Wanted, import_people

    bar: Any = None

    def show(done: int, total: int) -> None:
        nonlocal bar
        bar = bar or click.progressbar(length=total, label="Rows", file=sys.stderr)
        bar.update(done - bar.pos)

    with application(settings).app_context():
        result = import_people(Wanted(**chosen), show)
    if bar is not None:
        bar.render_finish()
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False))
    else:
        click.echo("\n".join(f"{name.replace('_', ' '):<16} {value}" for name, value in result.items()))
    if result.get("error"):
        sys.exit(1)


@mailer.command("export")
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
    """Write people with their subscriptions, consent and events to a file, in bounded memory."""
    from mailer.accounts.queries import workspace_called
    from mailer.audience.queries import SubscriberFilter, list_called
    from mailer.exports.people import Chosen, csv_of_people, json_of_people
    from mailer.exports.suppressions import csv_of_suppressions

    with application(settings).app_context(), click.open_file(output, "w", encoding="utf-8") as file:
        place = workspace_called(workspace)
        list_id = list_called(place.id, list_name).id if list_name else None
        by = SubscriberFilter(search=search, list_id=list_id)
        if suppressions:
            lines = csv_of_suppressions(place.id)
        else:
            lines = (csv_of_people if format_ == "csv" else json_of_people)(Chosen.by(place.id, by))
        for line in lines:
            file.write(line)


@mailer.group()
def demo() -> None:
    """The demo world: a bakery's newsletter with results to look at."""


@demo.command("plant")
@click.option("--owner", "email", required=True, help="The address of who will see it.")
@click.pass_obj
def demo_plant(settings: Settings, email: str) -> None:
    """Plant the demo world in a workspace of its own; it sends nothing."""
    from mailer.accounts.queries import user_by_email
    from mailer.db import db
    from mailer.errors import NotFound
    from mailer.lib.clock import utcnow
    from mailer.seeds.demo import plant

    with application(settings).app_context():
        user = user_by_email(email)
        if user is None:
            raise NotFound(f"Nobody signs in with {email}.")
        made = plant(user, now=utcnow())
        db.session.commit()
        click.echo(made.slug)


@demo.command("remove")
@click.option("--workspace", required=True, help="The slug of the demo world.")
@click.pass_obj
def demo_remove(settings: Settings, workspace: str) -> None:
    """Remove a demo world and everything in it."""
    from mailer.accounts.queries import workspace_called
    from mailer.db import db
    from mailer.seeds.demo import remove

    with application(settings).app_context():
        remove(workspace_called(workspace))
        db.session.commit()


@mailer.group()
def bench() -> None:
    """Measure how fast mail leaves."""
    _end_in_order()


@bench.command("send")
@click.option("--recipients", type=click.IntRange(100), default=100_000, show_default=True)
@click.option(
    "--database",
    "databases",
    multiple=True,
    default=("sqlite", "postgresql"),
    show_default=True,
    help="sqlite, postgresql, or the URL of an empty database; more than once for several.",
)
@click.option(
    "--pairs", type=click.IntRange(0), default=5, show_default=True, help="Turns of each of the two."
)
@click.option("--sizes", default="10k,100k,1M", show_default=True, help="The curve's, or none.")
@click.option("--dkim", type=click.Choice(["none", "ed25519", "rsa"]), default="none", show_default=True)
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Campaign workers.")
@click.option(
    "--naive/--no-naive", "with_naive", default=True, show_default=True, help="One job a message as well."
)
@click.option("--json", "as_json", is_flag=True, help="Print everything that was measured.")
def bench_send(
    recipients: int,
    databases: tuple[str, ...],
    pairs: int,
    sizes: str,
    dkim: str,
    workers: int,
    with_naive: bool,
    as_json: bool,
) -> None:
    """Send campaigns, turn by turn with Postfix's smtp-source, and compare."""
    import json

    from mailer.proof import bench_report
    from mailer.proof.bench import Plan, bench_send, sizes_of

    plan = Plan(recipients, databases, pairs, sizes_of(sizes), workers, dkim, with_naive)
    measured = bench_send(plan, lambda line: click.echo(line, err=True))
    if as_json:
        click.echo(json.dumps([each.as_dict() for each in measured], indent=2))
        return
    for each in measured:
        click.echo("\n".join(bench_report.lines(each)))


@bench.command("reset-mail")
@click.option("--recipients", type=click.IntRange(1_000), default=100_000, show_default=True)
@click.option("--database", "databases", multiple=True, default=("sqlite", "postgresql"), show_default=True)
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Campaign workers.")
def bench_reset_mail(recipients: int, databases: tuple[str, ...], workers: int) -> None:
    """Time password resets, alone and while a campaign is sent."""
    from mailer.proof import reset_mail

    for database in databases:
        waits = reset_mail.bench_reset_mail(
            database, recipients=recipients, workers=workers, tell=lambda line: click.echo(line, err=True)
        )
        click.echo("\n".join(reset_mail.lines(waits)))


@bench.command("emails")
@click.option("--posts", type=click.IntRange(100), default=4_000, show_default=True, help="In each turn.")
@click.option(
    "--pairs", type=click.IntRange(1), default=5, show_default=True, help="Turns of each of the two."
)
@click.option(
    "--recipients",
    type=click.IntRange(0),
    default=100_000,
    show_default=True,
    help="Of the campaign; 0: none.",
)
@click.option("--database", "databases", multiple=True, default=("sqlite", "postgresql"), show_default=True)
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Campaign workers.")
def bench_emails(posts: int, pairs: int, recipients: int, databases: tuple[str, ...], workers: int) -> None:
    """Post messages, turn by turn with a bare route; then alone and beside a campaign."""
    from mailer.proof import bench_emails

    for database in databases:
        measured = bench_emails.bench_emails(
            database,
            posts=posts,
            pairs=pairs,
            recipients=recipients,
            workers=workers,
            tell=lambda line: click.echo(line, err=True),
        )
        click.echo("\n".join(measured.lines()))


@bench.command("import")
@click.option("--sizes", default="100k,1M", show_default=True, help="Rows of each file.")
@click.option("--database", "databases", multiple=True, default=("sqlite", "postgresql"), show_default=True)
def bench_import(sizes: str, databases: tuple[str, ...]) -> None:
    """Import a file, and put the same rows into the tables the barest way."""
    from mailer.proof import bench_import
    from mailer.proof.bench import sizes_of

    for database in databases:
        for measured in bench_import.bench_import(
            database, sizes_of(sizes), lambda line: click.echo(line, err=True)
        ):
            click.echo(measured.line())


@bench.command("report")
@click.option("--people", type=click.IntRange(100), default=20_000, show_default=True)
@click.option(
    "--seed", "random_seed", type=int, default=1, show_default=True, help="Another day for another."
)
@click.option("--database", "database_url", default="", help="The URL of an empty one; SQLite otherwise.")
def bench_report_honesty(people: int, random_seed: int, database_url: str) -> None:
    """Let a day of people and machines pass over a campaign; compare its report with the truth."""
    from mailer.proof.honest import compare_with_truth

    compared = compare_with_truth(people, seed=random_seed, database_url=database_url)
    click.echo("\n".join(each.line() for each in compared))
    if not all(each.is_right for each in compared):
        sys.exit(1)


@bench.command("clicks")
@click.option("--seconds", type=click.IntRange(1, 120), default=5, show_default=True, help="Of each turn.")
@click.option("--pairs", type=click.IntRange(1, 50), default=5, show_default=True)
@click.option("--kills", type=click.IntRange(0, 100), default=10, show_default=True)
def bench_clicks(seconds: int, pairs: int, kills: int) -> None:
    """Record clicks, turn by turn with a plain page of Flask's; then kill the server under load."""
    from mailer.proof.clicks import measure_speed, survive_kills

    click.echo(measure_speed(seconds=seconds, pairs=pairs).line())
    if kills:
        survived = survive_kills(kills)
        click.echo(survived.line())
        if survived.lost or survived.doubled:
            sys.exit(1)


@bench.command("segments")
@click.option("--people", default="1M", show_default=True, help="Subscribers.")
@click.option("--events", default="20M", show_default=True, help="Deliveries and custom events together.")
def bench_segments(people: str, events: str) -> None:
    """Count ten segments, and the same by hand-written SQL; on PostgreSQL."""
    from mailer.proof import bench_segments
    from mailer.proof.bench import sizes_of

    (people_count,), (event_count,) = sizes_of(people), sizes_of(events)
    for measured in bench_segments.bench_segments(
        people_count, event_count, lambda line: click.echo(line, err=True)
    ):
        click.echo(measured.line())


@mailer.command()
@click.option(
    "--seed", "random_seed", type=int, default=1, show_default=True, help="Another storm for another."
)
@click.option("--recipients", type=click.IntRange(50), default=2_000, show_default=True)
@click.option("--kills", type=click.IntRange(0), default=20, show_default=True)
@click.option(
    "--database",
    "databases",
    type=click.Choice(["sqlite", "postgresql"]),
    multiple=True,
    default=("sqlite", "postgresql"),
    show_default=True,
)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def chaos(random_seed: int, recipients: int, kills: int, databases: tuple[str, ...], as_json: bool) -> None:
    """Kill everything at random while campaigns go to a bad server, and count who got what."""
    import json
    from dataclasses import asdict

    from mailer.proof import chaos_report
    from mailer.proof.chaos import Plan, chaos

    _end_in_order()
    figures = {}
    for database in databases:
        plan = Plan(random_seed, recipients, kills, database)
        figures[database] = chaos(plan, lambda line: click.echo(line, err=True))
        if not as_json:
            click.echo("\n".join(chaos_report.lines(plan, figures[database])))
    if as_json:
        click.echo(json.dumps({name: asdict(each) for name, each in figures.items()}, indent=2))
    if any(each.missed() for each in figures.values()):
        sys.exit(1)


@mailer.command("chaos-emails")
@click.option("--seed", "random_seed", type=int, default=1, show_default=True)
@click.option("--keys", type=click.IntRange(10), default=10_000, show_default=True)
@click.option("--kills", type=click.IntRange(0), default=40, show_default=True)
@click.option(
    "--database",
    "databases",
    type=click.Choice(["sqlite", "postgresql"]),
    multiple=True,
    default=("sqlite", "postgresql"),
    show_default=True,
)
def chaos_emails(random_seed: int, keys: int, kills: int, databases: tuple[str, ...]) -> None:
    """Post messages under keys, again and again, while everything is killed; count what came of it."""
    from mailer.proof import chaos_emails

    _end_in_order()
    is_broken = False
    for database in databases:
        figures = chaos_emails.chaos_emails(
            database,
            keys=keys,
            kills=kills,
            seed=random_seed,
            tell=lambda line: click.echo(line, err=True),
        )
        click.echo("\n".join(figures.lines(database)))
        is_broken |= figures.missed()
    if is_broken:
        sys.exit(1)


def _end_in_order() -> None:
    """Let TERM end this process as Ctrl-C does, so that it stops the servers that it started."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))


def application(settings: Settings) -> "Flask":
    """Build the application for a command that needs it."""
    from mailer.app import create_app

    return create_app(settings)


mailer.add_command(content.render)
mailer.add_command(content.preflight)
mailer.add_command(content.designs)
bench.add_command(content.bench_render)
