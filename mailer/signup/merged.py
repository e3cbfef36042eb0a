"""The forms that a subscriber filled in who is merged into another."""

from typing import Any

from mailer import signals
from mailer.audience.merge import hand_over
from mailer.audience.models import Subscriber
from mailer.signup.models import SignUp


@signals.subscribers_merged.connect
def take_over_sign_ups(kept: Subscriber, *, gone: Subscriber, **_: Any) -> None:
    """Hand over sign-ups, with the sources that they came from."""
    hand_over(SignUp, kept, gone)
