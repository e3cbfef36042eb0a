"""Mails about a subscription in the words of the form that it began with, where that has words of its own."""

from dataclasses import dataclass
from typing import Literal

from mailer import signals
from mailer.audience.models import Subscription

Kind = Literal["confirm", "welcome"]


@dataclass(frozen=True)
class OwnWords:
    """A subject, and a text in Markdown."""

    subject: str
    body: str


def own_words(subscription: Subscription, kind: Kind) -> OwnWords | None:
    """Return what the form says instead of our words, or of the list's; None when it says nothing."""
    answers = signals.mail_words_wanted.send(subscription, kind=kind)
    return next((words for _, words in answers if words is not None), None)


def welcome_words(subscription: Subscription) -> OwnWords | None:
    """Return the welcome of the form or else of the list; None when there is none."""
    mailing_list = subscription.list
    own = own_words(subscription, "welcome")
    if own is not None or not mailing_list.welcome_body:
        return own
    return OwnWords(mailing_list.welcome_subject, mailing_list.welcome_body)
