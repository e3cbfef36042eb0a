"""How the engine sees the world: what it is given, and whom it tells."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

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


@dataclass(slots=True)
class Parcel:
    """One message on its way.

    Not frozen: one is made for every message, and freezing doubles what that costs.

    :param key: the caller's own handle
    :param sender: of the envelope, with an ASCII domain
    :param recipient: of the envelope, with an ASCII domain
    :param content: complete, with CRLF line ends and one at its end; no line begins with
        a dot, and the final dot is not part of it
    """

    key: Any
    sender: str
    recipient: str
    content: bytes
    #: How many connections were lost under its envelope, through no fault of its own.
    lost_connections: int = field(default=0, init=False)


class LeaseLost(Exception):
    """Raised before the final dot: the right to send has passed to someone else."""


class Refused(Exception):
    """The server would not let us begin; ``outcome`` says why, and is true of every message."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.reply)
        self.outcome = replace(outcome, is_about_server=True)


class Desk(Protocol):
    """Where a pool gets its messages, and tells what became of them."""

    def ask(self) -> None:
        """Ask whether what is to be taken next is still wanted; called before each wait for the network."""
        ...

    def look(self) -> None:
        """See what the answer is, or ask now if it may be too old; called after each wait."""
        ...

    def take(self, server: Server) -> Parcel | None:
        """Return the next message for a free connection to a server; None when there is none now."""
        ...

    def intend(self, parcels: Sequence[Parcel]) -> None:
        """Note that these are about to be handed over: from here on nobody can know.

        Called once a round, before the first byte of any of them is written.

        :raises LeaseLost: none of them is written; ``Pool.recall`` gives them back
        """
        ...

    def settle(self, parcel: Parcel, outcome: Outcome) -> None:
        """Note what became of a message."""
        ...

    def trouble(self, server: Server, outcome: Outcome) -> None:
        """Note that a server would not let us begin; no message is used up by it."""
        ...


class Courier(Protocol):
    """Hands messages to a server, one after another."""

    def hand_over(
        self,
        envelope: Envelope,
        message: bytes,
        *,
        before_dot: Callable[[], None],
        while_waiting: Callable[[], None] | None = None,
    ) -> Outcome:
        """Deliver one message and return what became of it; never raises for what a network does.

        :param message: complete, with CRLF line ends, no line beginning with a dot
        :param before_dot: called when everything but the final dot was sent; from its
            return until the reply nobody can know whether the message was taken over
        :param while_waiting: called now and then, as long as the server takes its time
        :raises LeaseLost: as raised by ``before_dot``; the message was not sent
        """
        ...

    def close(self) -> None:
        """Say goodbye."""
        ...
