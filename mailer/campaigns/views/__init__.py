"""Pages about campaigns: the list, writing one, sending it, what became of it."""

from mailer.campaigns.views import (
    archive,
    compose,
    findings,
    locales,
    readers,
    report,
    sending,
    sharing,
    test_groups,
)
from mailer.campaigns.views.frame import bp

__all__ = [
    "archive",
    "bp",
    "compose",
    "findings",
    "locales",
    "readers",
    "report",
    "sending",
    "sharing",
    "test_groups",
]
