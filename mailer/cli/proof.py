"""Proving what is promised: benchmarks beside a reference, and storms."""

import signal
import sys

import click

_workers = click.option(
    "--workers",
    type=click.IntRange(0, 64),
    default=0,
    help="Campaign workers; without it as many as Mailer takes by itself.",
)


@click.group()
def bench() -> None:
    """Measure how fast mails, clicks, reports and imports are."""
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
@_workers
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
    """Send campaigns, turn by turn with Postfix's smtp-source."""
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
@_workers
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
@_workers
def bench_emails(posts: int, pairs: int, recipients: int, databases: tuple[str, ...], workers: int) -> None:
    """Post messages, turn by turn with a bare route. Then alone, and beside a campaign."""
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
    """Import a file, beside the barest way. That puts the same rows into the tables, and no more."""
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
    """Hold a report against the truth. A day of people and machines passes over a campaign."""
    from mailer.proof.honest import compare_with_truth

    compared = compare_with_truth(people, seed=random_seed, database_url=database_url)
    click.echo("\n".join(each.line() for each in compared))
    if not all(each.is_right for each in compared):
        sys.exit(1)


@bench.command("report-pages")
@click.option("--people", default="1M", show_default=True, help="Whom the campaign went to.")
@click.option("--requests", type=click.IntRange(1), default=20, show_default=True, help="Of each page.")
@click.option("--database", "databases", multiple=True, default=("sqlite", "postgresql"), show_default=True)
def bench_report_pages(people: str, requests: int, databases: tuple[str, ...]) -> None:
    """Hold a large campaign's report against its rows. Its pages are timed."""
    from mailer.proof import bench_report_pages
    from mailer.proof.bench import sizes_of

    (size,) = sizes_of(people)
    is_good = True
    for database in databases:
        measured = bench_report_pages.bench_report_pages(
            database, people=size, requests=requests, tell=lambda line: click.echo(line, err=True)
        )
        click.echo("\n".join(measured.lines()))
        is_good &= measured.is_good
    if not is_good:
        sys.exit(1)


@bench.command("clicks")
@click.option("--seconds", type=click.IntRange(1, 120), default=5, show_default=True, help="Of each turn.")
@click.option("--pairs", type=click.IntRange(1, 50), default=5, show_default=True)
@click.option("--kills", type=click.IntRange(0, 100), default=10, show_default=True)
def bench_clicks(seconds: int, pairs: int, kills: int) -> None:
    """Record clicks, beside a plain page of Flask's. Then the server is killed under load."""
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
    """Count ten segments, and the same by hand-written SQL. On PostgreSQL."""
    from mailer.proof import bench_segments
    from mailer.proof.bench import sizes_of

    (people_count,), (event_count,) = sizes_of(people), sizes_of(events)
    for measured in bench_segments.bench_segments(
        people_count, event_count, lambda line: click.echo(line, err=True)
    ):
        click.echo(measured.line())


@click.command()
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
    """Kill everything at random while campaigns are sent. The server is bad; who got what is counted."""
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


@click.command("chaos-emails")
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
    """Kill everything while messages are posted under keys. What came of each is counted."""
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
