"""The names of campaigns, for rooms below that ask about them."""

from typing import Final
from uuid import UUID

from sqlalchemy import select

from mailer import signals
from mailer.campaigns.models import Campaign
from mailer.db import db
from mailer.lib.ids import public_id

_MOST: Final = 500


@signals.campaign_names_wanted.connect
def campaign_names(workspace_id: UUID) -> dict[str, str]:
    """Return the names of the campaigns that were launched, the newest first."""
    rows = db.session.execute(
        select(Campaign.id, Campaign.name)
        .where(Campaign.workspace_id == workspace_id, Campaign.launched_at.is_not(None))
        .order_by(Campaign.id.desc())
        .limit(_MOST)
    )
    return {public_id(Campaign.prefix, row.id): row.name for row in rows}
