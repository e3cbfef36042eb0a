"""Consent for programs: people saved and put on lists by its rules, their proofs, and suppressions."""

from mailer.consent.api import subscribers, subscriptions, suppressions
from mailer.consent.api.frame import bp

__all__ = ["bp", "subscribers", "subscriptions", "suppressions"]
