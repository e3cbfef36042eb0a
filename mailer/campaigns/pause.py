"""Stopping a campaign that is being sent, for a while or for good."""

from datetime import datetime

from mailer.campaigns.draft import lock
from mailer.campaigns.models import Campaign, CampaignStatus
from mailer.db import db
from mailer.delivery import runs
from mailer.errors import Conflict


def pause(campaign: Campaign, *, now: datetime) -> None:
    """Stop sending; takes effect within one message on each connection.

    :raises Conflict: it is not being sent
    """
    campaign = lock(campaign)
    campaign.pause_reason = ""
    campaign.move_to(CampaignStatus.PAUSED)
    db.session.flush()
    runs.stop(campaign.id, now=now)


def resume(campaign: Campaign) -> None:
    """Go on sending.

    :raises Conflict: it is not paused
    """
    campaign = lock(campaign)
    if campaign.status is not CampaignStatus.PAUSED:
        raise Conflict(f"This campaign is {campaign.status}; only a paused one can go on.")
    campaign.pause_reason, campaign.finished_at = "", None
    campaign.move_to(CampaignStatus.SENDING)
    db.session.flush()
    runs.resume(campaign.id)


def cancel(campaign: Campaign, *, now: datetime) -> int:
    """Send nothing more of it, ever; return how many people will not get it.

    :raises Conflict: it is over, or was never launched
    """
    campaign = lock(campaign)
    campaign.finished_at = now
    campaign.move_to(CampaignStatus.CANCELLED)
    db.session.flush()
    return runs.cancel(campaign.id, now=now)
