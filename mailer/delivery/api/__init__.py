"""How mail leaves, for programs: senders, sending domains, transports."""

from mailer.delivery.api import domains, senders, transports
from mailer.delivery.api.frame import bp

__all__ = ["bp", "domains", "senders", "transports"]
