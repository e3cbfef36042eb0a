"""How the engine sees the world: what it is given, and whom it tells."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from mailer.delivery.engine.outcomes import Outcome

TlsMode = Literal["off", "opportunistic", "required", "verify"]


@dataclass(frozen=True, slots=True)
class Server:
    """How one SMTP server is reached; equal ones share their connections.

    :param helo: the name that we greet with, which should resolve to us
    """

    host: str
    port: int
    tls: TlsMode = "opportunistic"
    user: str = ""
    password: str = field(default="", repr=False)
    helo: str = "localhost"


@dataclass(frozen=True, slots=True)
class Envelope:
    """From whom and to whom, as the server is told; not what the message says."""

    sender: str
    recipient: str


class LeaseLost(Exception):
    """Raised by ``before_dot``: the right to send has passed to someone else."""


class Courier(Protocol):
    """Hands messages to a server, one after another."""

    def hand_over(self, envelope: Envelope, message: bytes, *, before_dot: Callable[[], None]) -> Outcome:
        """Deliver one message and return what became of it; never raises for what a network does.

        :param message: complete, with CRLF line ends, no line beginning with a dot
        :param before_dot: called when everything but the final dot was sent; from its
            return until the reply nobody can know whether the message was taken over
        :raises LeaseLost: as raised by ``before_dot``; the message was not sent
        """
        ...

    def close(self) -> None:
        """Say goodbye."""
        ...
