"""What the calls about campaigns share."""

from typing import Any, Literal

from flask import g
from pydantic import AwareDatetime, Field

from mailer.api.guards import api_blueprint
from mailer.api.schemas import Shown
from mailer.campaigns.click_tags import click_tags
from mailer.campaigns.models import Campaign, CampaignStatus, Priority
from mailer.campaigns.narrowing import chosen_segments
from mailer.campaigns.queries import campaign_by_id
from mailer.composing.models import Format, Template
from mailer.delivery.models import TrackingMode
from mailer.lib.ids import public_id
from mailer.segments.models import Segment

bp = api_blueprint("campaigns_api", "mailer.campaigns.api", tag="Campaigns")


class LinkTagsShown(Shown):
    """The tags that whoever follows a link gets."""

    link: str | None
    tags: list[str]


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
    segments: list[str] = Field(description="Only people in any of these get it; empty for everybody.")
    excluded_segments: list[str] = Field(description="People in any of these do not get it.")
    priority: Priority
    tracking: TrackingMode | None = Field(description="What it counts; null: as the workspace does.")
    click_tags: list[LinkTagsShown] = Field(
        description="Tags for people who follow a link; any link where it is null."
    )
    template: str | None
    format: Format
    body: str
    design: dict[str, Any] | None
    text: str | None
    locales: list[str] = Field(description="The other languages that it is written in.")
    pause_reason: str = Field(description="Why it stopped by itself; empty when a person paused it.")
    created_at: AwareDatetime
    updated_at: AwareDatetime
    scheduled_at: AwareDatetime | None
    launched_at: AwareDatetime | None
    finished_at: AwareDatetime | None


def campaign_of(campaign_id: str) -> Campaign:
    """Return a campaign of the key’s workspace, or answer 404."""
    return campaign_by_id(g.workspace.id, campaign_id)


def shown_campaign(campaign: Campaign) -> CampaignShown:
    """Return a campaign as programs see it."""
    sender = f"{campaign.from_name} <{campaign.from_email}>" if campaign.from_name else campaign.from_email
    chosen = chosen_segments(campaign)
    return CampaignShown.of(
        campaign,
        from_=sender,
        lists=[mailing_list.public_id for mailing_list in campaign.lists],
        segments=[public_id(Segment.prefix, one) for one in chosen if not chosen[one]],
        excluded_segments=[public_id(Segment.prefix, one) for one in chosen if chosen[one]],
        click_tags=[LinkTagsShown(link=each.url or None, tags=[*each.tags]) for each in click_tags(campaign)],
        template=public_id(Template.prefix, campaign.template_id) if campaign.template_id else None,
        locales=[variant.locale for variant in campaign.variants],
    )
