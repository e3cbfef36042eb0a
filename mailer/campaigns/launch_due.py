"""Launching what was scheduled."""

import logging
from datetime import datetime

from mailer.campaigns.launch import launch
from mailer.campaigns.models import CampaignStatus
from mailer.campaigns.queries import due_campaigns
from mailer.db import db
from mailer.errors import Conflict, MailerError

log = logging.getLogger(__name__)


def launch_due(*, now: datetime) -> None:
    """Launch the campaigns whose time has come; commits each by itself.

    One that is no longer ready becomes a draft again and says why: it must neither
    stop the others nor be tried every few seconds.
    """
    for campaign in due_campaigns(now):
        try:
            launch(campaign, now=now)
        except Conflict:
            # Another scheduler was quicker.
            db.session.rollback()
            continue
        except MailerError as error:
            db.session.rollback()
            log.warning("Campaign %s could not be sent as scheduled: %s", campaign.public_id, error.message)
            campaign.move_to(CampaignStatus.DRAFT)
            campaign.pause_reason = f"It was not sent as scheduled: {error.message}"[:500]
            campaign.scheduled_at = None
        db.session.commit()
