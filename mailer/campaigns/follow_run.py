"""What delivery announces about a run, written into its campaign."""

from typing import Any
from uuid import UUID

from mailer import signals
from mailer.campaigns.models import Campaign, CampaignStatus
from mailer.db import db
from mailer.lib.clock import utcnow


@signals.campaign_prepared.connect
def note_prepared(campaign_id: UUID, **_: Any) -> None:
    """The audience is complete: from now on it only shrinks."""
    campaign = db.session.get(Campaign, campaign_id, with_for_update=True)
    if campaign is not None:
        campaign.prepared_at = campaign.prepared_at or utcnow()
        db.session.flush()


@signals.campaign_quiet.connect
def finish(campaign_id: UUID, **_: Any) -> None:
    """Nothing waits any more."""
    campaign = db.session.get(Campaign, campaign_id, with_for_update=True)
    if campaign is not None and campaign.status in (CampaignStatus.SENDING, CampaignStatus.PAUSED):
        campaign.finished_at = utcnow()
        campaign.move_to(CampaignStatus.FINISHED)
        db.session.flush()


@signals.campaign_held.connect
def pause_by_itself(campaign_id: UUID, *, reason: str, **_: Any) -> None:
    """Servers refuse it because of us: going on would only deepen that."""
    campaign = db.session.get(Campaign, campaign_id, with_for_update=True)
    if campaign is not None and campaign.status is CampaignStatus.SENDING:
        campaign.pause_reason = reason[:500]
        campaign.move_to(CampaignStatus.PAUSED)
        db.session.flush()


@signals.campaign_reopened.connect
def reopen(campaign_id: UUID, **_: Any) -> None:
    """Something that was held or in doubt is sent after all."""
    campaign = db.session.get(Campaign, campaign_id, with_for_update=True)
    if campaign is not None and campaign.status is CampaignStatus.FINISHED:
        campaign.finished_at = None
        campaign.move_to(CampaignStatus.SENDING)
        db.session.flush()
