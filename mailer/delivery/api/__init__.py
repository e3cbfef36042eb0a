"""How mail leaves, for programs: senders, sending domains, transports, limits."""

from mailer.delivery.api import domains, limits, senders, transports
from mailer.delivery.api.frame import bp

__all__ = ["bp", "domains", "limits", "senders", "transports"]
