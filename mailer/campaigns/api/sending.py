"""Campaigns for programs to check, test, schedule, send and stop."""

from typing import Literal

from flask import g
from pydantic import AwareDatetime, Field

from mailer.api.guards import allows
from mailer.api.idempotency import idempotent
from mailer.api.schemas import Address, Given, Line, Shown, id_of
from mailer.campaigns import pause as stopping
from mailer.campaigns import schedule as timing
from mailer.campaigns.api.frame import CampaignShown, bp, campaign_of, shown_campaign
from mailer.campaigns.launch import launch
from mailer.campaigns.preflight import preflight
from mailer.campaigns.readers import values_of_reader
from mailer.campaigns.test_groups import group_by_id
from mailer.campaigns.test_send import MOST_ADDRESSES, send_test
from mailer.lib.clock import utcnow
from mailer.rendering.checks.findings import Finding, Severity


class Test(Given):
    """Where a test goes."""

    to: list[Address] = Field([], max_length=MOST_ADDRESSES)
    groups: list[id_of("tgr")] = Field(  # type: ignore[valid-type]
        [], max_length=10, description="Groups of test addresses."
    )
    subscriber: id_of("sub") | None = Field(  # type: ignore[valid-type]
        None, description="Whose values it is filled in with; left out, a sample’s."
    )
    locale: Line = Field("", max_length=20, description="In which of its languages.")


class Schedule(Given):
    """When a campaign leaves."""

    at: AwareDatetime = Field(examples=["2027-01-03T09:00:00Z"])


class FindingShown(Shown):
    """One thing that was found."""

    check: str = Field(examples=["links.http"])
    severity: Severity
    message: str
    why: str
    part: str = Field(description="Where: subject, body, text, lists, …")
    quote: str


class PreflightShown(Shown):
    """What was found before a campaign leaves, worst first."""

    object: Literal["preflight"] = "preflight"
    ready: bool = Field(description="Whether it can be sent: no finding is an error.")
    people: int = Field(description="How many would get it.")
    exact: bool = Field(description="Whether each was counted; otherwise it is the most that there can be.")
    findings: list[FindingShown]


class TestShown(Shown):
    """Where a test went."""

    object: Literal["test"] = "test"
    to: list[str]


@bp.get("/campaigns/<campaign_id>/preflight")
@bp.output(PreflightShown)
def preflight_campaign(campaign_id: str) -> PreflightShown:
    """Look at everything that can be known before sending: who, how many, and what is wrong."""
    found = preflight(campaign_of(campaign_id), now=utcnow())
    return PreflightShown(
        ready=found.is_ready,
        people=found.reach.people,
        exact=found.reach.is_exact,
        findings=[_shown(finding) for finding in found.findings],
    )


@bp.post("/campaigns/<campaign_id>/test")
@allows("campaigns:send")
@idempotent
@bp.input(Test)
@bp.output(TestShown)
def test_campaign(campaign_id: str, json_data: Test) -> TestShown:
    """Mail a campaign as it is now to a few addresses."""
    campaign = campaign_of(campaign_id)
    sent = send_test(
        campaign,
        json_data.to,
        reader=values_of_reader(g.workspace.id, json_data.subscriber),
        now=utcnow(),
        locale=json_data.locale,
        groups=[group_by_id(g.workspace.id, one) for one in json_data.groups],
    )
    return TestShown(to=sent)


@bp.post("/campaigns/<campaign_id>/schedule")
@allows("campaigns:send")
@idempotent
@bp.input(Schedule)
@bp.output(CampaignShown)
def schedule_campaign(campaign_id: str, json_data: Schedule) -> CampaignShown:
    """Let a campaign leave at a time; asking again moves it."""
    campaign = campaign_of(campaign_id)
    timing.schedule(campaign, at=json_data.at, now=utcnow())
    return shown_campaign(campaign)


@bp.post("/campaigns/<campaign_id>/unschedule")
@allows("campaigns:send")
@idempotent
@bp.output(CampaignShown)
def unschedule_campaign(campaign_id: str) -> CampaignShown:
    """Make a scheduled campaign a draft again."""
    campaign = campaign_of(campaign_id)
    timing.unschedule(campaign)
    return shown_campaign(campaign)


@bp.post("/campaigns/<campaign_id>/send")
@allows("campaigns:send")
@idempotent
@bp.output(CampaignShown)
def send_campaign(campaign_id: str) -> CampaignShown:
    """Send a campaign to everyone on its lists and in its segments, now. It can be sent once."""
    campaign = campaign_of(campaign_id)
    launch(campaign, now=utcnow())
    return shown_campaign(campaign)


@bp.post("/campaigns/<campaign_id>/pause")
@allows("campaigns:send")
@idempotent
@bp.output(CampaignShown)
def pause_campaign(campaign_id: str) -> CampaignShown:
    """Stop sending, to go on later."""
    campaign = campaign_of(campaign_id)
    stopping.pause(campaign, now=utcnow())
    return shown_campaign(campaign)


@bp.post("/campaigns/<campaign_id>/resume")
@allows("campaigns:send")
@idempotent
@bp.output(CampaignShown)
def resume_campaign(campaign_id: str) -> CampaignShown:
    """Go on sending what was paused."""
    campaign = campaign_of(campaign_id)
    stopping.resume(campaign)
    return shown_campaign(campaign)


@bp.post("/campaigns/<campaign_id>/cancel")
@allows("campaigns:send")
@idempotent
@bp.output(CampaignShown)
def cancel_campaign(campaign_id: str) -> CampaignShown:
    """Send nothing more of it, ever."""
    campaign = campaign_of(campaign_id)
    stopping.cancel(campaign, now=utcnow())
    return shown_campaign(campaign)


def _shown(finding: Finding) -> FindingShown:
    return FindingShown(
        check=finding.check,
        severity=finding.severity,
        message=finding.message,
        why=finding.why,
        part=finding.where.part,
        quote=finding.where.quote,
    )
