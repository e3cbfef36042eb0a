"""Many conversations with many servers, in one thread.

All that the pool does between two looks at the network is one round: read what came,
settle what was answered, take what comes next, note what is about to be handed over,
write. The desk is asked and told; nothing here knows of campaigns or of a database.
"""

import select
import time
from collections.abc import Callable
from typing import Any, Final

from mailer.delivery.engine.berth import Berth
from mailer.delivery.engine.connection import Connection
from mailer.delivery.engine.outcomes import Outcome
from mailer.delivery.engine.ports import Desk, Parcel, Refused, Server

#: How often the clocks of all connections are looked at.
_TICK_SECONDS: Final = 1.0
#: How often it is seen whether a server's addresses are known.
_LOOK_UP_SECONDS: Final = 0.01
#: For the Test button, before which somebody sits.
_GREET_SECONDS: Final = 30.0


class Pool:
    """Keeps some connections to each server busy.

    :param timeouts: a factor for every time limit; tests shorten them
    :ivar in_flight: parcels that were taken and are not settled yet
    :ivar lost: how often one of them lost its connection, and was left to another
    """

    def __init__(self, *, timeouts: float = 1.0) -> None:
        self.in_flight = self.lost = 0
        self.desk: Desk = _NoDesk()
        self.timeouts = timeouts
        self._settled = 0
        self._berths: dict[Server, Berth] = {}
        self._ready: list[Connection] = []
        self._poll, self._per_second = _poll()
        self._handlers: dict[int, Callable[[int], None]] = {}
        self._tick_seconds = _TICK_SECONDS * min(1.0, max(timeouts, 0.01))
        self._next_tick = time.monotonic() + self._tick_seconds

    def serve(self, server: Server, *, connections: int, messages_per_connection: int = 1_000) -> None:
        """Carry messages to a server from now on, over as many connections as there is work for.

        :param connections: at most; 0 to let go of it
        """
        berth = self._berths.get(server)
        if berth is None:
            berth = self._berths[server] = Berth(self, server)
        berth.connections, berth.messages = connections, messages_per_connection

    def step(self, desk: Desk, *, wait: float) -> int:
        """Do one round, and wait at most so many seconds for the network.

        :return: how many parcels were settled
        """
        self.desk, self._settled = desk, 0
        handlers = self._handlers
        # Connections that are all busy need no help, and are asked in every round.
        free = [each for each in self._berths.values() if each.idle or len(each.open) < each.connections]
        if free:
            desk.look()
            for berth in free:
                berth.give_work()
        if self._ready:
            self._write_contents()
        desk.ask()
        events = self._poll.poll(self._patience(wait) * self._per_second)
        # The wait may have been long: who left meanwhile is not taken any more.
        desk.look()
        for number, event in events:
            handler = handlers.get(number)
            if handler is not None:
                handler(event)
        if self._ready:
            self._write_contents()
        now = time.monotonic()
        if now >= self._next_tick:
            self._look_at_clocks(now)
        return self._settled

    def recall(self) -> list[Parcel]:
        """Take back the parcels whose content was not begun; the others stay in flight."""
        parcels: list[Parcel] = []
        for berth in self._berths.values():
            for connection in list(berth.open):
                parcels += connection.recall()
        self._ready = [connection for connection in self._ready if not connection.is_closed]
        self.in_flight -= len(parcels)
        return parcels + self.take_back()

    def take_back(self) -> list[Parcel]:
        """Take back the parcels that lost their connection, and have no other yet."""
        parcels: list[Parcel] = []
        for berth in self._berths.values():
            parcels += berth.waiting
            berth.waiting.clear()
        self.in_flight -= len(parcels)
        return parcels

    def greet(self, server: Server) -> str:
        """Begin a conversation, and return the server's answer to our greeting, word for word.

        :raises Refused: with what it said instead
        """
        desk = _NoDesk()
        berth = self._berths.setdefault(server, Berth(self, server))
        ends_at = time.monotonic() + _GREET_SECONDS * self.timeouts
        self.desk = desk
        connection = berth.greet()
        while not connection.is_open and not connection.is_closed:
            self.step(desk, wait=max(0.0, ends_at - time.monotonic()))
            if time.monotonic() >= ends_at and not connection.is_open and not connection.is_closed:
                connection.give_up()
        if connection.refusal is not None:
            raise Refused(connection.refusal)
        return connection.welcome.words

    def close(self) -> None:
        """Say goodbye to all servers. What is in flight is given up: settle it first, or call it in doubt."""
        for berth in self._berths.values():
            for connection in list(berth.open):
                connection.quit()
            berth.waiting.clear()
        self._ready = []
        self._handlers.clear()
        close = getattr(self._poll, "close", None)
        if close is not None:
            close()

    # For berths and their connections

    def settle(self, parcel: Parcel, outcome: Outcome) -> None:
        """Tell the desk what became of a parcel."""
        self.in_flight -= 1
        self._settled += 1
        self.desk.settle(parcel, outcome)

    def write_soon(self, connection: Connection) -> None:
        """Let a connection write its content at the end of this round."""
        self._ready.append(connection)

    def watch(self, number: int, handler: Callable[[int], None], events: int) -> None:
        """Call the handler at these events of a file; not any longer when they are 0."""
        if not events:
            if self._handlers.pop(number, None) is not None:
                self._poll.unregister(number)
            return
        if number in self._handlers:
            self._poll.modify(number, events)
        else:
            self._poll.register(number, events)
        self._handlers[number] = handler

    # The steps of a round

    def _write_contents(self) -> None:
        ready, self._ready = self._ready, []
        # Some were broken, or recalled, since they stood in line.
        parcels = [connection.current for connection in ready if connection.current is not None]
        if len(parcels) < len(ready):
            ready = [connection for connection in ready if connection.current is not None]
        try:
            if parcels:
                self.desk.intend(parcels)
        except BaseException:
            # Their servers wait for a content: only hanging up takes the envelopes back.
            for connection in ready:
                connection.hang_up()
            raise
        for connection in ready:
            connection.write_content()

    def _patience(self, wait: float) -> float:
        """Return how long the network may be waited for: not at all when there is something to tell."""
        if self._settled or self._ready:
            return 0.0
        until = self._next_tick
        for berth in self._berths.values():
            if not berth.waiting:
                continue
            if berth.retry_at:
                until = min(until, berth.retry_at)
            if berth.is_looking_up:
                wait = min(wait, _LOOK_UP_SECONDS)
        return max(0.0, min(wait, until - time.monotonic()))

    def _look_at_clocks(self, now: float) -> None:
        self._next_tick = now + self._tick_seconds
        for server, berth in list(self._berths.items()):
            berth.look_at_clocks(now)
            if not (berth.connections or berth.open or berth.waiting):
                del self._berths[server]


class _NoDesk:
    """Stands there while there are no messages."""

    def ask(self) -> None:
        pass

    def look(self) -> None:
        pass

    def take(self, server: Server) -> Parcel | None:
        return None

    def intend(self, parcels: Any) -> None:
        pass

    def settle(self, parcel: Parcel, outcome: Outcome) -> None:
        pass

    def trouble(self, server: Server, outcome: Outcome) -> None:
        pass


def _poll() -> tuple[Any, float]:
    """Return what watches files, and its unit of time: ``select.epoll`` is Linux's alone."""
    if hasattr(select, "epoll"):
        return select.epoll(), 1.0
    return select.poll(), 1_000.0
