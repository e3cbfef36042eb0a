"""Letting a campaign go before others of its workspace, or after them."""

from mailer.campaigns.models import PRIORITY_WEIGHTS, Campaign, Priority
from mailer.db import db
from mailer.delivery import share


def prioritise(campaign: Campaign, priority: Priority) -> None:
    """Give a campaign another part of the sending, from its next batch on."""
    campaign.priority = priority
    db.session.flush()
    share.set_run_weight(campaign.id, PRIORITY_WEIGHTS[priority])
