"""Sending later."""

from datetime import datetime, timedelta

from mailer.campaigns.draft import lock
from mailer.campaigns.models import Campaign, CampaignStatus
from mailer.campaigns.preflight import check_ready
from mailer.db import db
from mailer.errors import Conflict, Invalid

_LATEST = timedelta(days=366)


def schedule(campaign: Campaign, *, at: datetime, now: datetime) -> None:
    """Let a campaign be launched at a time; asking again moves it.

    :raises Invalid: the time has passed or is more than a year away, or the campaign is not ready
    :raises Conflict: it was launched before
    """
    campaign = lock(campaign)
    if at <= now:
        raise Invalid("That time has passed.", fields={"at": "That time has passed; choose a later one."})
    if at - now > _LATEST:
        raise Invalid("That is more than a year away.", fields={"at": "Choose a time within a year."})
    if not campaign.is_editable:
        raise Conflict(f"This campaign is {campaign.status}; it cannot be scheduled.")
    check_ready(campaign)
    campaign.scheduled_at, campaign.pause_reason = at, ""
    if campaign.status is CampaignStatus.DRAFT:
        campaign.move_to(CampaignStatus.SCHEDULED)
    db.session.flush()


def unschedule(campaign: Campaign) -> None:
    """Make a scheduled campaign a draft again.

    :raises Conflict: it is not scheduled
    """
    campaign = lock(campaign)
    if campaign.status is not CampaignStatus.SCHEDULED:
        raise Conflict(f"This campaign is {campaign.status}; it is not waiting for its time.")
    campaign.move_to(CampaignStatus.DRAFT)
    campaign.scheduled_at = None
    db.session.flush()
