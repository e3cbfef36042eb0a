"""What people did with their mail, as a question asked of many at once."""

from sqlalchemy import ColumnElement, exists

from mailer import signals
from mailer.audience.models import Import, Subscriber
from mailer.delivery.models import Delivery
from mailer.tracking.models import Click, Open


@signals.deeds_wanted.connect
def reading(source: Import) -> list[ColumnElement[bool]]:
    """Ask whether somebody opened a mail or followed a link since an import began."""
    return [
        exists().where(
            Delivery.subscriber_id == Subscriber.id,
            kind.delivery_id == Delivery.id,
            kind.at >= source.started_at,
        )
        for kind in (Click, Open)
    ]
