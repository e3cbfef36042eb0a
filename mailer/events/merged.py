"""What a subscriber did elsewhere who is merged into another."""

from typing import Any

from mailer import signals
from mailer.audience.merge import hand_over
from mailer.audience.models import Subscriber
from mailer.events.models import CustomEvent


@signals.subscribers_merged.connect
def take_over_events(kept: Subscriber, *, gone: Subscriber, **_: Any) -> None:
    """Hand over custom events."""
    hand_over(CustomEvent, kept, gone)
