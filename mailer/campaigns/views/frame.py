"""What the pages about campaigns share."""

from collections.abc import Mapping
from typing import Any

from flask import g, request

from mailer.audience.queries import subscriber_by_id
from mailer.campaigns.models import Campaign
from mailer.campaigns.queries import campaign_by_id
from mailer.composing.preview import SAMPLE_READER
from mailer.delivery.compose import merge_values
from mailer.delivery.readers import more_about
from mailer.web.guards import workspace_blueprint

bp = workspace_blueprint("campaigns", "mailer.campaigns.views")


def campaign_of(campaign_id: str) -> Campaign:
    """Return a campaign of this workspace, or answer 404."""
    return campaign_by_id(g.workspace.id, campaign_id)


def chosen_reader(reader_id: str | None = None) -> Mapping[str, Any]:
    """Return the merge values of the subscriber that the request names, or a sample's."""
    reader_id = reader_id or request.values.get("reader", "")
    if not reader_id:
        return SAMPLE_READER
    person = subscriber_by_id(g.workspace.id, reader_id)
    return {**merge_values(person, person.email), **more_about(person)}
