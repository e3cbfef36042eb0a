"""What a workspace counts of what its readers do."""

from dataclasses import dataclass
from uuid import UUID

from mailer.db import db
from mailer.delivery.models import TrackingMode
from mailer.tracking.models import TrackingSettings


@dataclass(frozen=True)
class Tracking:
    """How a workspace counts: as it chose, or as everybody begins.

    :param conversion_days: an order counts for the last click so many days before it
    :param is_tagging: whether web links get the two tags
    :param shop_hosts: hosts of shops whose pages tell orders, with spaces between them
    """

    mode: TrackingMode = TrackingMode.FULL
    conversion_days: int = 7
    is_tagging: bool = False
    utm_source: str = "newsletter"
    utm_medium: str = "email"
    shop_hosts: str = ""

    @property
    def shops(self) -> frozenset[str]:
        """The hosts whose pages may tell orders."""
        return frozenset(self.shop_hosts.split())


def tracking_of(workspace_id: UUID) -> Tracking:
    """Return how a workspace counts."""
    kept = db.session.get(TrackingSettings, workspace_id)
    if kept is None:
        return Tracking()
    return Tracking(
        kept.mode, kept.conversion_days, kept.is_tagging, kept.utm_source, kept.utm_medium, kept.shop_hosts
    )


def save_tracking(workspace_id: UUID, chosen: Tracking) -> None:
    """Count like this from the next campaign on; what was launched stays as it is."""
    db.session.merge(TrackingSettings(workspace_id=workspace_id, **vars(chosen)))
    db.session.flush()
