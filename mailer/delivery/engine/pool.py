"""Many conversations with many servers, in one thread.

All that the pool does between two looks at the network is one round: read what came,
settle what was answered, take what comes next, note what is about to be handed over,
write. The desk is asked and told; nothing here knows of campaigns or of a database.
"""

import select
import ssl
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final, Protocol

from mailer.delivery.engine.connection import Connection
from mailer.delivery.engine.names import Name
from mailer.delivery.engine.outcomes import Outcome, deferred
from mailer.delivery.engine.ports import Desk, Parcel, Refused, Server

#: How often the clocks of all connections are looked at.
_TICK_SECONDS: Final = 1.0
#: A connection without work is kept as long: servers close theirs after minutes.
_IDLE_SECONDS: Final = 30.0
_FIRST_PAUSE_SECONDS: Final = 0.2
_LONGEST_PAUSE_SECONDS: Final = 5.0
#: How often it is seen whether a server's addresses are known.
_LOOK_UP_SECONDS: Final = 0.01
#: For the Test button, before which somebody sits.
_GREET_SECONDS: Final = 30.0


class _HasFileno(Protocol):
    def fileno(self) -> int: ...


class Pool:
    """Keeps some connections to each server busy.

    :param timeouts: a factor for every time limit; tests shorten them
    :ivar in_flight: parcels that were taken and are not settled yet
    """

    def __init__(self, *, timeouts: float = 1.0) -> None:
        self.in_flight = 0
        self.desk: Desk = _NoDesk()
        self.timeouts = timeouts
        self._settled = 0
        self._berths: dict[Server, _Berth] = {}
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
            berth = self._berths[server] = _Berth(self, server)
        berth.connections, berth.messages = connections, messages_per_connection

    def step(self, desk: Desk, *, wait: float) -> int:
        """Do one round, and wait at most so many seconds for the network.

        :return: how many parcels were settled
        """
        self.desk, self._settled = desk, 0
        handlers = self._handlers
        for berth in self._berths.values():
            # Connections that are all busy need no help, and are asked in every round.
            if berth.idle or len(berth.open) < berth.connections:
                berth.give_work()
        if self._ready:
            self._write_contents()
        for number, event in self._poll.poll(self._patience(wait) * self._per_second):
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
            parcels += berth.waiting
            berth.waiting.clear()
        self._ready = [connection for connection in self._ready if not connection.is_closed]
        self.in_flight -= len(parcels)
        return parcels

    def add_reader(self, fileobj: _HasFileno, callback: Callable[[], None]) -> None:
        """Call back during ``step`` whenever there is something to read."""
        self._handlers[fileobj.fileno()] = lambda _: callback()
        self._poll.register(fileobj.fileno(), select.POLLIN)

    def remove_reader(self, fileobj: _HasFileno) -> None:
        """Stop watching."""
        if self._handlers.pop(fileobj.fileno(), None) is not None:
            self._poll.unregister(fileobj.fileno())

    def greet(self, server: Server) -> str:
        """Begin a conversation, and return the server's answer to our greeting, word for word.

        :raises Refused: with what it said instead
        """
        desk = _NoDesk()
        berth = self._berths.setdefault(server, _Berth(self, server))
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


class _Berth:
    """One server, and the connections that lie there."""

    def __init__(self, pool: Pool, server: Server) -> None:
        self.server = server
        self.connections = 0
        self.messages = 1_000
        self.open: list[Connection] = []
        self.idle: list[Connection] = []
        #: What lost its connection before its content was begun.
        self.waiting: deque[Parcel] = deque()
        self.retry_at = 0.0
        self._pause = 0.0
        self._pool = pool
        self.settle = pool.settle
        self.write_soon = pool.write_soon
        self.watch = pool.watch
        self._name = Name(server.host, server.port)
        self._context: ssl.SSLContext | None = None

    def give_work(self) -> None:
        """Begin messages on idle connections, and open more while there is work for them."""
        while self.idle:
            connection = self.idle.pop()
            if time.monotonic() - connection.since > _IDLE_SECONDS:
                # Nobody looked for long: a firewall may have forgotten it without a word.
                connection.quit()
            elif not connection.begin():
                break
        while self._may_open() and (parcel := self.take()) is not None:
            if not self._name.addresses:
                self._name.look_up()
            if not self._name.addresses:
                self.waiting.appendleft(parcel)
                break
            self.open_connection(parcel)
        if self._name.error is not None:
            error, self._name.error = self._name.error, None
            self.refused(self._unreachable(error))

    def open_connection(self, parcel: Parcel) -> None:
        """Open a connection for a parcel, which waits for another when that cannot even be tried."""
        try:
            self._connect(parcel)
        except OSError as error:
            self.give_back(parcel)
            self.refused(self._unreachable(error))

    @property
    def is_looking_up(self) -> bool:
        """Whether the server's addresses are still awaited."""
        return self._name.is_being_looked_up

    def greet(self) -> Connection:
        """Open a connection for no parcel at all.

        :raises Refused: the server cannot be found or reached
        """
        self._name.look_up()
        self._name.wait()
        try:
            if self._name.error is not None:
                raise self._name.error
            return self._connect(None)
        except OSError as error:
            self._name.error = None
            raise Refused(self._unreachable(error)) from error

    def look_at_clocks(self, now: float) -> None:
        """End what takes too long, and what was idle for long."""
        for connection in list(self.open):
            if connection.is_overdue(now, self._pool.timeouts):
                connection.give_up()
        for connection in self.open[self.connections :]:
            # More than are wanted by now: each ends after the message that it carries.
            connection.is_leaving = True
        for connection in list(self.idle):
            if now - connection.since > _IDLE_SECONDS or connection.is_leaving:
                connection.quit()

    # For its connections

    def take(self) -> Parcel | None:
        """Return the next parcel for the server."""
        if self.waiting:
            return self.waiting.popleft()
        parcel = self._pool.desk.take(self.server)
        if parcel is not None:
            self._pool.in_flight += 1
        return parcel

    def give_back(self, parcel: Parcel) -> None:
        """Let another connection carry a parcel."""
        self.waiting.append(parcel)

    def rest(self, connection: Connection) -> None:
        """Keep a connection that has nothing to do."""
        connection.since, connection.is_touched = time.monotonic(), False
        self.idle.append(connection)

    def opened(self) -> None:
        """Forget the trouble there was."""
        self._pause = self.retry_at = 0.0

    def refused(self, outcome: Outcome) -> None:
        """Pause, longer each time and once for all that failed together, and tell of trouble.

        There is none while other connections stand: servers allow so many to one client and
        refuse what is beyond, and those that they allow carry what this one would have.
        """
        if time.monotonic() < self.retry_at:
            return
        self._pause = min(self._pause * 2 or _FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS)
        self.retry_at = time.monotonic() + self._pause * min(1.0, self._pool.timeouts)
        if not any(connection.is_open for connection in self.open):
            self._pool.desk.trouble(self.server, Refused(outcome).outcome)

    def gone(self, connection: Connection) -> None:
        """Forget a connection."""
        if connection in self.open:
            self.open.remove(connection)
        if connection in self.idle:
            self.idle.remove(connection)

    def tls_context(self) -> ssl.SSLContext:
        """Return how the server's certificate is judged: where it is not asked for, anyone's will do."""
        if self._context is None:
            self._context = ssl.create_default_context()
            if self.server.tls != "verify":
                self._context.check_hostname = False
                self._context.verify_mode = ssl.CERT_NONE
        return self._context

    def _may_open(self) -> bool:
        if len(self.open) >= self.connections or self.is_looking_up or time.monotonic() < self.retry_at:
            return False
        # After trouble one goes ahead to see.
        return not self._pause or all(connection.is_open for connection in self.open)

    def _connect(self, parcel: Parcel | None) -> Connection:
        connection = Connection(self.server, self, self._name.addresses, parcel, messages=self.messages)
        self.open.append(connection)
        return connection

    def _unreachable(self, error: OSError) -> Outcome:
        reason = error.strerror or str(error)
        return deferred(f"{self.server.host}:{self.server.port} cannot be reached: {reason}")


class _NoDesk:
    """Stands there while there are no messages."""

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
