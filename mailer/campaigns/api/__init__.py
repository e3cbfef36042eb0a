"""Campaigns for programs: written, checked, sent, stopped, counted."""

from mailer.campaigns.api import report, sending, variants, writing
from mailer.campaigns.api.frame import bp

__all__ = ["bp", "report", "sending", "variants", "writing"]
