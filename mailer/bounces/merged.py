"""What came back from a subscriber who is merged into another."""

from typing import Any

from mailer import signals
from mailer.audience.merge import hand_over
from mailer.audience.models import Subscriber
from mailer.bounces.models import Return


@signals.subscribers_merged.connect
def take_over_returns(kept: Subscriber, *, gone: Subscriber, **_: Any) -> None:
    """Hand over bounces, complaints and answers."""
    hand_over(Return, kept, gone)
