"""What came back: mails, opens and clicks, and the figures made of them."""

import sys
from pathlib import Path
from typing import Final

import click

from mailer.cli.building import core
from mailer.config import Settings

#: Bytes of a user agent that are read; what is longer is read in pieces.
_LONGEST_LINE: Final = 65_536


@click.group()
def bounces() -> None:
    """Mails that came back."""


@bounces.command("parse")
@click.argument(
    "paths", nargs=-1, required=True, type=click.Path(exists=True, allow_dash=True, path_type=Path)
)
@click.option("--json", "as_json", is_flag=True, help="One line of JSON for each mail.")
def bounces_parse(paths: tuple[Path, ...], as_json: bool) -> None:
    """Read mails in files, folders and mbox files (“-” is standard input), and say what came back."""
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


@click.group()
def agents() -> None:
    """Who opens and clicks: people or machines."""


@agents.command("classify")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON for each.")
def agents_classify(as_json: bool) -> None:
    """Read user agents from standard input, one a line or one JSON value a line, and say what each is."""
    import json

    from mailer.tracking.agents import agent_in, read_agent

    for line in iter(lambda: sys.stdin.buffer.readline(_LONGEST_LINE), b""):
        user_agent = agent_in(line.decode("utf-8", "replace"))
        told = {"user_agent": user_agent, **read_agent(user_agent).as_dict()}
        click.echo(json.dumps(told) if as_json else f"{told['class']:<10} {told['reason']:<26} {user_agent}")


@agents.command("judge")
@click.argument("campaign_id", metavar="ID")
@click.pass_obj
def agents_judge(settings: Settings, campaign_id: str) -> None:
    """Judge a campaign's opens and clicks again by what this version knows."""
    from mailer.campaigns.queries import campaign_anywhere
    from mailer.tracking.judge_again import judge_campaign

    with core(settings).app_context():
        click.echo(f"{judge_campaign(campaign_anywhere(campaign_id).id):,} deliveries judged again")


@click.group()
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

    with core(settings).app_context():
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


@click.group()
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

    with core(settings).app_context():
        for campaign_id in campaign_ids or launched_ids():
            rebuild_report(campaign_anywhere(campaign_id))
            db.session.commit()
            click.echo(f"{campaign_id} is counted again")
