"""Where mail comes back to that one message sets off: bounces, and wishes to leave."""

from uuid import UUID

from mailer.current import settings
from mailer.lib.return_paths import Purpose, ReturnPaths


class ReturnAddresses:
    """Names the return addresses of deliveries from one address.

    :param sender: of the message, with an ASCII domain
    :param domain: that takes what comes back, each at an address that names its delivery; empty for the
        sender's own, where nothing is read
    """

    def __init__(self, sender: str, domain: str) -> None:
        self._sender, self._domain = sender, domain
        self._paths = ReturnPaths(settings().secret_key) if domain else None

    def of_bounces(self, delivery_id: UUID) -> str:
        """Return the sender of a delivery's envelope (RFC 5321 4.4)."""
        if self._paths is None:
            return self._sender
        return self._address(self._paths, Purpose.BOUNCE, delivery_id)

    def of_leaving(self, delivery_id: UUID) -> str:
        """Return the address to which mail unsubscribes a delivery's reader; empty when there is none."""
        return "" if self._paths is None else self._address(self._paths, Purpose.UNSUBSCRIBE, delivery_id)

    def _address(self, paths: ReturnPaths, purpose: Purpose, delivery_id: UUID) -> str:
        return paths.address(purpose, delivery_id, self._domain)
