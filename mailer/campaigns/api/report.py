"""What became of a campaign, for programs."""

from typing import Any

from mailer.api.schemas import Shown
from mailer.campaigns.api.frame import bp, campaign_of
from mailer.campaigns.models import CampaignStatus
from mailer.campaigns.report import report


class TallyShown(Shown):
    """How often something was done, and by how many people."""

    people: int
    total: int


class BouncesShown(Shown):
    """Readers whose mail came back after it was accepted."""

    hard: int
    soft: int


class VerdictShown(Shown):
    """How many opens or clicks were judged to be by people or by which kind of machine, and by which sign."""

    activity: str
    verdict: str
    reason: str
    total: int


class LinkShown(Shown):
    """A link of the campaign, by its number."""

    number: int
    url: str
    people: int
    total: int
    human_people: int
    human_total: int


class ReportShown(Shown):
    """A campaign's figures; the audience is always the sum of the six states that follow it."""

    status: CampaignStatus
    audience: int
    accepted: int
    rejected: int
    skipped: int
    held: int
    in_doubt: int
    waiting: int
    opens: TallyShown
    clicks: TallyShown
    human_opens: TallyShown
    human_clicks: TallyShown
    unsubscribes: int
    bounces: BouncesShown
    complaints: int
    replies: int
    auto_replies: int
    skipped_reasons: dict[str, int]
    links: list[LinkShown]
    verdicts: list[VerdictShown]


@bp.get("/campaigns/<campaign_id>/report")
@bp.output(ReportShown)
def report_campaign(campaign_id: str) -> dict[str, Any]:
    """Read what became of a campaign: deliveries by state, opens, clicks, unsubscribes, links."""
    return report(campaign_of(campaign_id)).as_dict()
