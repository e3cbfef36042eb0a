"""One server, and the connections that lie there: how many, how long, and when to try again."""

import ssl
import time
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from mailer.delivery.engine.connection import Connection
from mailer.delivery.engine.names import Name
from mailer.delivery.engine.outcomes import Outcome, deferred
from mailer.delivery.engine.ports import Desk, Parcel, Refused, Server

#: A connection without work is kept as long: servers close theirs after minutes.
_IDLE_SECONDS: Final = 30.0
_FIRST_PAUSE_SECONDS: Final = 0.2
_LONGEST_PAUSE_SECONDS: Final = 5.0


class Harbour(Protocol):
    """The pool, as a berth sees it."""

    desk: Desk
    timeouts: float
    in_flight: int
    lost: int

    def settle(self, parcel: Parcel, outcome: Outcome) -> None:
        """Tell the desk what became of a parcel."""
        ...

    def write_soon(self, connection: Connection) -> None:
        """Let a connection write its content at the end of this round."""
        ...

    def watch(self, number: int, handler: Callable[[int], None], events: int) -> None:
        """Call the handler at these events of a file; not any longer when they are 0."""
        ...


class Berth:
    """One server, and the connections that lie there."""

    def __init__(self, pool: Harbour, server: Server) -> None:
        self.server = server
        self.connections = 0
        self.messages = 1_000
        self.open: list[Connection] = []
        self.idle: list[Connection] = []
        #: What lost its connection before its content was begun.
        self.waiting: deque[Parcel] = deque()
        self.retry_at = 0.0
        self._pause = 0.0
        #: The desk has just been told to look: only then is it known who may still be written to.
        self._has_looked = False
        self._pool = pool
        self.settle = pool.settle
        self.write_soon = pool.write_soon
        self.watch = pool.watch
        self._name = Name(server.host, server.port)
        self._context: ssl.SSLContext | None = None

    def give_work(self) -> None:
        """Begin messages on idle connections, and open more while there is work for them.

        Called right after the desk has looked, so that what lost its connection is given to another.
        """
        self._has_looked = True
        try:
            self._give_work()
        finally:
            self._has_looked = False

    def _give_work(self) -> None:
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
        if self.waiting and self._has_looked:
            return self.waiting.popleft()
        parcel = self._pool.desk.take(self.server)
        if parcel is not None:
            self._pool.in_flight += 1
        return parcel

    def give_back(self, parcel: Parcel) -> None:
        """Let another connection carry a parcel."""
        self._pool.lost += 1
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
