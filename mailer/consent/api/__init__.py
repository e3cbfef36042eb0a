"""Consent for programs: people saved and put on lists by its rules, their proofs, and suppressions."""

from mailer.consent.api import streams, subscribers, subscriptions, suppressions
from mailer.consent.api.frame import bp

__all__ = ["bp", "streams", "subscribers", "subscriptions", "suppressions"]
