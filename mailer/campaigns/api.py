"""Campaigns for programs: written, sent, read, counted."""

from typing import Annotated, Any, Literal

from flask import g
from pydantic import AfterValidator, AwareDatetime, Field

from mailer.accounts.models import Scope
from mailer.api.guards import allows, api_blueprint
from mailer.api.idempotency import idempotent
from mailer.api.schemas import Address, Given, Line, Lines, ListId, Shown
from mailer.audience.queries import lists_by_ids
from mailer.campaigns import draft
from mailer.campaigns.launch import launch
from mailer.campaigns.models import Campaign, CampaignStatus
from mailer.campaigns.queries import campaign_by_id
from mailer.campaigns.report import report
from mailer.composing.models import Format
from mailer.errors import Invalid
from mailer.lib.addresses import split_mailbox
from mailer.lib.clock import utcnow

bp = api_blueprint("campaigns_api", __name__, tag="Campaigns")


def _mailbox(text: str) -> str:
    try:
        name, address = split_mailbox(text)
    except Invalid as error:
        raise ValueError(error.message) from None
    return f"{name} <{address}>" if name else address


class NewCampaign(Given):
    """A campaign to be written; it is a draft until it is sent, and may be as unfinished."""

    name: Line = Field("", max_length=200, description="For you; left out, the subject is taken.")
    subject: Line = Field("", max_length=998)
    preheader: Line = Field("", max_length=500, description="The inbox’s second line.")
    from_: Annotated[Line, AfterValidator(_mailbox)] | None = Field(
        None, alias="from", max_length=440, examples=["Ana <ana@example.com>"]
    )
    reply_to: Address | None = None
    lists: list[ListId] = Field(
        [], max_length=50, description="Who gets it: everyone active on any of these."
    )
    format: Format = Format.MARKDOWN
    design: dict[str, Any] | None = Field(
        None, description="A document of blocks, in the place of a body; its format is then “design”."
    )
    body: Lines = Field("", description="With merge tags such as {{ subscriber.name | default('there') }}.")
    text: Lines | None = Field(None, description="The plain part; left out, it is made from the body.")


class CampaignShown(Shown):
    """A campaign."""

    object: Literal["campaign"] = "campaign"
    id: str
    status: CampaignStatus
    name: str
    subject: str
    preheader: str
    from_: str = Field(alias="from")
    reply_to: str
    lists: list[str]
    format: Format
    body: str
    design: dict[str, Any] | None
    text: str | None
    pause_reason: str = Field(description="Why it stopped by itself; empty when a person paused it.")
    created_at: AwareDatetime
    updated_at: AwareDatetime
    scheduled_at: AwareDatetime | None
    launched_at: AwareDatetime | None
    finished_at: AwareDatetime | None


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


@bp.post("/campaigns")
@allows(Scope.SENDING)
@idempotent
@bp.input(NewCampaign)
@bp.output(CampaignShown, status_code=201)
def create_campaign(json_data: NewCampaign) -> CampaignShown:
    """Write a campaign down as a draft; nothing is sent."""
    name, address = split_mailbox(json_data.from_) if json_data.from_ else ("", "")
    written = draft.Draft(
        name=json_data.name,
        subject=json_data.subject,
        preheader=json_data.preheader,
        from_name=name,
        from_email=address,
        reply_to=json_data.reply_to or "",
        format=Format.DESIGN if json_data.design is not None else json_data.format,
        design=json_data.design,
        body=json_data.body,
        text=json_data.text,
        lists=lists_by_ids(g.workspace.id, json_data.lists),
    )
    return _shown(draft.create_draft(g.workspace.id, written, by=g.api_key.created_by_id))


@bp.get("/campaigns/<campaign_id>")
@allows(Scope.READ, Scope.SENDING)
@bp.output(CampaignShown)
def show_campaign(campaign_id: str) -> CampaignShown:
    """Read a campaign."""
    return _shown(campaign_by_id(g.workspace.id, campaign_id))


@bp.post("/campaigns/<campaign_id>/send")
@allows(Scope.SENDING)
@idempotent
@bp.output(CampaignShown)
def send_campaign(campaign_id: str) -> CampaignShown:
    """Send a campaign to everyone on its lists, now. It can be sent once."""
    campaign = campaign_by_id(g.workspace.id, campaign_id)
    launch(campaign, now=utcnow())
    return _shown(campaign)


@bp.get("/campaigns/<campaign_id>/report")
@allows(Scope.READ, Scope.SENDING)
@bp.output(ReportShown)
def report_campaign(campaign_id: str) -> dict[str, Any]:
    """Read what became of a campaign: deliveries by state, opens, clicks, unsubscribes, links."""
    return report(campaign_by_id(g.workspace.id, campaign_id)).as_dict()


def _shown(campaign: Campaign) -> CampaignShown:
    sender = f"{campaign.from_name} <{campaign.from_email}>" if campaign.from_name else campaign.from_email
    return CampaignShown(
        id=campaign.public_id,
        status=campaign.status,
        name=campaign.name,
        subject=campaign.subject,
        preheader=campaign.preheader,
        from_=sender,
        reply_to=campaign.reply_to,
        lists=[mailing_list.public_id for mailing_list in campaign.lists],
        format=campaign.format,
        body=campaign.body,
        design=campaign.design,
        text=campaign.text,
        pause_reason=campaign.pause_reason,
        created_at=campaign.created_at,
        updated_at=campaign.updated_at,
        scheduled_at=campaign.scheduled_at,
        launched_at=campaign.launched_at,
        finished_at=campaign.finished_at,
    )
