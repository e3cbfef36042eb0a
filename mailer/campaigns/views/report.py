"""What stands behind a campaign's figures: the people, the mail with its clicks, the figures as a file."""

from collections.abc import Iterable

from flask import Response, abort, render_template, request, stream_with_context
from flask.typing import ResponseReturnValue

from mailer.accounts.roles import Role
from mailer.campaigns.behind import Deed, people_who, rows_of
from mailer.campaigns.look import look_with_numbers
from mailer.campaigns.models import Campaign
from mailer.campaigns.report import report
from mailer.campaigns.report_file import report_rows
from mailer.campaigns.views.frame import bp, campaign_of, chosen_locale
from mailer.delivery.models import Delivery
from mailer.errors import NotFound
from mailer.lib.choices import choice_of
from mailer.lib.csv_rows import csv_line
from mailer.web.guards import requires
from mailer.web.headers import framed
from mailer.web.pages import page_of


@bp.get("/campaigns/<campaign_id>/people")
def people(campaign_id: str) -> ResponseReturnValue:
    """List who did something, or whose mail came back."""
    campaign, deed, link = _asked(campaign_id)
    return render_template(
        "campaigns/people.html",
        campaign=campaign,
        report=report(campaign),
        page=page_of(people_who(campaign, deed, link=link), Delivery),
        deed=deed,
        link=link,
    )


@bp.get("/campaigns/<campaign_id>/people.csv")
@requires(Role.EDITOR)
def people_csv(campaign_id: str) -> ResponseReturnValue:
    """Give them as a file, as they are read."""
    campaign, deed, link = _asked(campaign_id)
    return _file(rows_of(people_who(campaign, deed, link=link)), f"{campaign_id}-{deed}")


@bp.get("/campaigns/<campaign_id>/report.csv")
def report_csv(campaign_id: str) -> ResponseReturnValue:
    """Give every figure of the report as a file."""
    campaign = campaign_of(campaign_id)
    return _file(report_rows(campaign, report(campaign)), f"{campaign_id}-report")


@bp.get("/campaigns/<campaign_id>/click-map/preview")
def click_map(campaign_id: str) -> ResponseReturnValue:
    """Show the mail that was sent with its links numbered, for the map to be drawn over."""
    campaign = campaign_of(campaign_id)
    if campaign.message is None:
        abort(404)
    return framed(look_with_numbers(campaign, locale=chosen_locale()).html)


def _asked(campaign_id: str) -> tuple[Campaign, Deed, int | None]:
    campaign = campaign_of(campaign_id)
    deed = choice_of(Deed, request.args.get("did", ""), label="What they did") or Deed.OPENED
    return campaign, deed, _asked_link(campaign)


def _asked_link(campaign: Campaign) -> int | None:
    """Return the link that narrows it; one that the mail has not must not show who clicked any."""
    given = request.args.get("link", "")
    if not given:
        return None
    links = campaign.message.links if campaign.message is not None else []
    if given not in map(str, range(len(links))):
        raise NotFound("There is no such link in this campaign.")
    return int(given)


def _file(rows: Iterable[list[str]], name: str) -> Response:
    answer = Response(stream_with_context(map(csv_line, rows)), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer
