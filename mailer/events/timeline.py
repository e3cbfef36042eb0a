"""What a subscriber did elsewhere, on their page."""

from mailer import signals
from mailer.audience.models import Subscriber
from mailer.audience.timeline import Event
from mailer.db import db
from mailer.events.models import CustomEvent
from mailer.events.queries import events_of


@signals.timeline_wanted.connect
def custom_events(subscriber: Subscriber, *, limit: int) -> list[Event]:
    """Return a subscriber's custom events."""
    found = db.session.scalars(
        events_of(subscriber.workspace_id, subscriber_id=subscriber.id)
        .order_by(CustomEvent.at.desc())
        .limit(limit)
    )
    return [Event(each.at, "bolt", f"Did “{each.name}”", "accent", detail=_detail(each)) for each in found]


def _detail(event: CustomEvent) -> str:
    parts = [f"{name}: {value}" for name, value in event.properties.items()]
    if event.value is not None:
        parts.insert(0, f"{event.value:,.2f} {event.currency}")
    return " · ".join(parts)
