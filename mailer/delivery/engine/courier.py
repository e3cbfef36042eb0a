"""Handing over one message and waiting for its answer."""

from collections.abc import Callable, Sequence
from typing import Final

from mailer.delivery.engine.outcomes import Outcome
from mailer.delivery.engine.pool import Pool
from mailer.delivery.engine.ports import Envelope, Parcel, Server

#: How often whoever waits is told that they wait.
_WAIT_SECONDS: Final = 0.25


class SmtpCourier:
    """One connection to one server, opened when it is needed and again when it broke.

    :param timeouts: a factor for every time limit; tests shorten them
    """

    def __init__(self, server: Server, *, timeouts: float = 1.0) -> None:
        self.server = server
        self._timeouts = timeouts
        self._pool = self._new_pool()

    def hand_over(
        self,
        envelope: Envelope,
        message: bytes,
        *,
        before_dot: Callable[[], None],
        while_waiting: Callable[[], None] | None = None,
    ) -> Outcome:
        """Deliver one message and return what became of it."""
        desk = _OneParcel(Parcel(None, envelope.sender, envelope.recipient, message), before_dot)
        try:
            while desk.outcome is None:
                self._pool.step(desk, wait=_WAIT_SECONDS)
                if desk.outcome is None and while_waiting is not None:
                    while_waiting()
        except BaseException:
            # The text may be sent but for its dot (the journal's disk is full, the worker is
            # told to stop): only hanging up takes it back.
            self._start_over()
            raise
        if desk.outcome.is_about_server:
            # Whoever calls decides when to try again.
            self._start_over()
        return desk.outcome

    def greet(self) -> str:
        """Open the connection and return the server's answers, word for word.

        :raises Refused: with what the server said
        """
        return self._pool.greet(self.server)

    def close(self) -> None:
        """Say goodbye, without waiting for the answer."""
        self._start_over()

    def _new_pool(self) -> Pool:
        pool = Pool(timeouts=self._timeouts)
        pool.serve(self.server, connections=1)
        return pool

    def _start_over(self) -> None:
        self._pool.close()
        self._pool = self._new_pool()


class _OneParcel:
    """A desk with one message on it."""

    def __init__(self, parcel: Parcel, before_dot: Callable[[], None]) -> None:
        self.outcome: Outcome | None = None
        self._parcel: Parcel | None = parcel
        self._before_dot = before_dot

    def ask(self) -> None:
        pass

    def look(self) -> None:
        pass

    def take(self, server: Server) -> Parcel | None:
        parcel, self._parcel = self._parcel, None
        return parcel

    def intend(self, parcels: Sequence[Parcel]) -> None:
        self._before_dot()

    def settle(self, parcel: Parcel, outcome: Outcome) -> None:
        self.outcome = outcome

    def trouble(self, server: Server, outcome: Outcome) -> None:
        self.outcome = outcome
