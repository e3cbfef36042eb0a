"""Finding a server's addresses without making the other servers wait for it."""

import socket
import threading
import time
from typing import Final

from mailer.delivery.engine.wire import Address

#: How long what was found is believed; the system does not tell for how long it may be.
_BELIEVED_SECONDS: Final = 60.0
#: Most answers come at once, from a file or from a cache next door.
_AT_ONCE_SECONDS: Final = 0.005


class Name:
    """A server's name and what it stands for; looked up in a thread, as the system's resolver blocks.

    :ivar error: why the last look-up failed
    """

    def __init__(self, host: str, port: int) -> None:
        self.error: OSError | None = None
        self._host, self._port = host, port
        self._found: list[Address] = []
        self._found_at = 0.0
        self._thread: threading.Thread | None = None

    @property
    def is_being_looked_up(self) -> bool:
        """Whether the answer is still awaited."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def addresses(self) -> list[Address]:
        """What the name stands for; nothing while that is not known."""
        if time.monotonic() - self._found_at > _BELIEVED_SECONDS:
            self._found = []
        return self._found

    def look_up(self) -> None:
        """Begin to find the addresses."""
        self.error = None
        try:
            self._find(socket.AI_NUMERICHOST)
        except socket.gaierror:
            # It is a name, then.
            self._thread = threading.Thread(target=self._ask, name=f"look up {self._host}", daemon=True)
            self._thread.start()
            self._thread.join(_AT_ONCE_SECONDS)

    def wait(self) -> None:
        """Return when the answer is there."""
        if self._thread is not None:
            self._thread.join()

    def _ask(self) -> None:
        try:
            self._find(0)
        except OSError as error:
            self.error = error
        except UnicodeError:
            self.error = OSError(f"“{self._host}” is not the name of a host")

    def _find(self, flags: int) -> None:
        found = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM, flags=flags)
        self._found_at = time.monotonic()
        self._found = [(family, place) for family, _, _, _, place in found]
