"""One conversation with a server: many messages, one round trip each.

``content . MAIL RCPT DATA`` leave in one write: RFC 2920 3.1 lets the content begin a
group and makes DATA end it. So at any time a connection has up to two parcels, the one
whose content the server is reading and the one whose envelope it is about to read. All
replies are checked, and a content is written only when DATA was answered with 354 and
nothing else is awaited: it can meet no other envelope than its own.
"""

import contextlib
import select
import ssl
from collections.abc import Callable
from enum import Enum
from typing import Final, Protocol

from mailer.delivery.engine.envelopes import envelope_of, recipient_of
from mailer.delivery.engine.opening import Signal, Welcome, opening
from mailer.delivery.engine.outcomes import (
    Outcome,
    Stage,
    accepted,
    deferred,
    in_doubt,
    read_reply,
)
from mailer.delivery.engine.ports import Parcel, Refused, Server
from mailer.delivery.engine.replies import NONSENSE, Reply, ReplyReader, answered_as_hoped
from mailer.delivery.engine.wire import Address, Wire, reach

#: A parcel whose envelope connections keep breaking under is the reason, not the victim.
_LOST_CONNECTIONS: Final = 3

_IN: Final = select.POLLIN
_OUT: Final = select.POLLOUT


class Await(Enum):
    """What the next reply answers, and how long it may take in seconds (RFC 5321 4.5.3.2)."""

    # There is no figure for connecting; a server that takes half a minute is down.
    CONNECTION = ("connection", 30.0)
    OPENING = ("opening", 300.0)
    MAIL = ("MAIL", 300.0)
    RCPT = ("RCPT", 300.0)
    DATA = ("DATA", 120.0)
    FINAL_DOT = ("final dot", 600.0)
    LONE_DOT = ("lone dot", 300.0)
    RSET = ("RSET", 300.0)

    def __init__(self, name: str, seconds: float) -> None:
        self.seconds = seconds


#: A block of the content that the server does not take in (RFC 5321 4.5.3.2.5).
_BLOCK_SECONDS: Final = 180.0

_ENVELOPE: Final = (Await.MAIL, Await.RCPT, Await.DATA)
_CONTENT: Final = (Await.FINAL_DOT,)
_CONTENT_AND_ENVELOPE: Final = (Await.FINAL_DOT, *_ENVELOPE)
_LAST_CONTENT: Final = b".\r\nQUIT\r\n"


class Owner(Protocol):
    """The pool, as a connection sees it."""

    def take(self) -> Parcel | None:
        """Return the next message for the server."""
        ...

    def settle(self, parcel: Parcel, outcome: Outcome) -> None:
        """Say what became of a message."""
        ...

    def give_back(self, parcel: Parcel) -> None:
        """Let another connection carry a message."""
        ...

    def write_soon(self, connection: "Connection") -> None:
        """Let the connection write its content with those of the others, once that is noted."""
        ...

    def rest(self, connection: "Connection") -> None:
        """Keep a connection that has nothing to do."""
        ...

    def opened(self) -> None:
        """Say that the server lets us begin."""
        ...

    def refused(self, outcome: Outcome) -> None:
        """Say that the server does not let us begin."""
        ...

    def watch(self, number: int, handler: Callable[[int], None], events: int) -> None:
        """Call the handler at these events of a socket; not any longer when they are 0."""
        ...

    def gone(self, connection: "Connection") -> None:
        """Forget a connection that has ended."""
        ...

    def tls_context(self) -> ssl.SSLContext:
        """Return how the server's certificate is judged."""
        ...


class Connection:
    """A conversation, from connecting to hanging up.

    :param addresses: of the server, tried in turn
    :param parcel: the first message for it, if it is opened for one
    :param messages: how many it carries before it ends; servers end long ones in their own way
    :raises OSError: none of the addresses can even be tried
    :ivar current: the parcel whose content is written next, or being written, or awaits its answer
    :ivar following: the parcel whose envelope is under way, or waits for the conversation to begin
    :ivar since: when the pool last saw that something had happened, in seconds
    :ivar is_touched: something has happened since
    """

    def __init__(
        self, server: Server, owner: Owner, addresses: list[Address], parcel: Parcel | None, *, messages: int
    ) -> None:
        self.server = server
        self.owner = owner
        self.welcome = Welcome()
        self.current: Parcel | None = None
        self.following = parcel
        #: Why the server did not let us begin.
        self.refusal: Outcome | None = None
        self.is_open = False
        self.is_closed = False
        self.is_leaving = False
        self.since = 0.0
        self.is_touched = True
        self._addresses = list(addresses)
        self._messages_left = messages
        #: Nobody's content has crossed it yet: what breaks it may be the first parcel itself.
        self._is_fresh = True
        self._is_content_begun = False
        self._envelope = b""
        self._refused_at: Await | None = None
        self._is_recipient_taken = False
        self._awaiting: tuple[Await, ...] = (Await.CONNECTION,)
        self._reader = ReplyReader()
        self._dialogue = opening(server)
        self._wire: Wire = reach(self._addresses)
        owner.watch(self._wire.fileno, self._connected, _OUT)

    # The network's side

    def is_overdue(self, now: float, factor: float) -> bool:
        """Whether the server has been silent for longer than it may."""
        if self.is_touched:
            # Only here is the time taken: once a message would be dearer than it is worth.
            self.since, self.is_touched = now, False
        if not self._awaiting:
            return False
        allowed = _BLOCK_SECONDS if self._wire.unsent else self._awaiting[0].seconds
        return now - self.since > allowed * factor

    def give_up(self) -> None:
        """End a conversation in which the server is silent."""
        self._lose("it did not answer in time", is_silent=True)

    # The pool's side

    def begin(self) -> bool:
        """Begin the next message on an idle connection; return whether there was one."""
        self._go_on()
        return self.following is not None or self.is_closed

    def write_content(self) -> None:
        """Send the content that was noted to be handed over, its dot, and the envelope of what follows."""
        assert self.current is not None
        self._is_content_begun = True
        self._is_fresh = False
        self._messages_left -= 1
        if self.following is not None and self.welcome.has_pipelining:
            tail = b".\r\n" + self._envelope
            self._awaiting = _CONTENT_AND_ENVELOPE
        else:
            tail = b".\r\n" if self._messages_left > 0 else _LAST_CONTENT
            self._awaiting = _CONTENT
        self.is_touched = True
        try:
            self._wire.write(self.current.content, tail)
        except OSError as error:
            self._broke_in_writing(error)
        else:
            if self._wire.unsent:
                self._watch_for_room()

    def recall(self) -> list[Parcel]:
        """Return the parcels whose content was not begun; the connection goes when it has no other."""
        returned = []
        if self.current is not None and not self._is_content_begun:
            returned.append(self.current)
            self.current = None
        if self.following is not None:
            returned.append(self.following)
            self.following = None
        if returned:
            # Its envelope is with the server, and a content would meet it: after the answer it ends.
            self.is_leaving = True
            if self.current is None:
                self._drop()
        return returned

    def hang_up(self) -> None:
        """End without a word; what was not begun is carried by another."""
        self._drop()

    def quit(self) -> None:
        """Say goodbye, and do not wait for the answer."""
        if self.is_open and not self._awaiting and not self.is_closed:
            with contextlib.suppress(OSError):
                self._wire.write(b"", b"QUIT\r\n")
        self._drop()

    # Beginning

    def _connected(self, events: int) -> None:
        try:
            self._wire.check_connected()
        except OSError as error:
            self._try_next_address(_why(error))
            return
        self.is_touched = True
        self._awaiting = (Await.OPENING,)
        self.owner.watch(self._wire.fileno, self._read, _IN)
        next(self._dialogue)

    def _try_next_address(self, reason: str) -> None:
        self._hang_up()
        try:
            self._wire = reach(self._addresses)
        except OSError:
            self._turned_away(self._unreachable(reason))
        else:
            self.is_touched = True
            self.owner.watch(self._wire.fileno, self._connected, _OUT)

    def _converse(self, reply: Reply) -> None:
        """Go on with the opening."""
        try:
            said = self._dialogue.send(reply)
        except StopIteration as end:
            self.welcome = end.value
            self._opened()
        except Refused as refused:
            self._turned_away(refused.outcome)
        else:
            if said is Signal.BEGIN_TLS:
                self._begin_tls()
            elif isinstance(said, bytes):
                self._say(said, Await.OPENING)

    def _opened(self) -> None:
        self.is_open = True
        self._awaiting = ()
        self.owner.opened()
        self._go_on()

    def _begin_tls(self) -> None:
        self._awaiting = (Await.OPENING,)
        self.owner.watch(self._wire.fileno, self._shake_hands, _IN)
        self._wire.begin_tls(self.owner.tls_context(), self.server.host)
        self._shake_hands(_IN)

    def _shake_hands(self, events: int) -> None:
        try:
            is_there = self._wire.receive()
            is_done = self._wire.shake_hands()
        except ssl.SSLError as error:
            reason = getattr(error, "verify_message", "") or error.reason or str(error)
            self._turned_away(deferred(f"TLS with {self.server.host} failed: {reason}"))
        except OSError as error:
            self._turned_away(self._unreachable(_why(error)))
        else:
            if is_done:
                self.owner.watch(self._wire.fileno, self._read, _IN)
                self._converse(Reply(0, ()))
            elif not is_there:
                self._turned_away(deferred(f"TLS with {self.server.host} failed: the server closed it"))

    def _turned_away(self, outcome: Outcome) -> None:
        self.refusal = outcome
        self._drop()
        self.owner.refused(outcome)

    def _unreachable(self, reason: str) -> Outcome:
        return deferred(f"{self.server.host}:{self.server.port} cannot be reached: {reason}")

    # Reading

    def _read(self, events: int) -> None:
        """Read what came; when it is what it nearly always is, with as few calls as can be."""
        try:
            data = self._wire.read()
        except OSError as error:
            self._lose(_why(error))
            return
        if data is None:
            return
        if not data:
            self._lose("the server closed it")
            return
        if self._awaiting is _CONTENT_AND_ENVELOPE and not self._wire.unsent and not self.is_leaving:
            line = answered_as_hoped(data)
            if line is not None and self._reader.is_between_replies:
                parcel, self.current, self.following = self.current, self.following, None
                self._is_content_begun = False
                self._awaiting = ()
                assert parcel is not None
                self.owner.settle(parcel, accepted(line))
                self._prepare_content()
                return
        self._read_replies(data)

    def _read_replies(self, data: bytes) -> None:
        was_encrypted = self._wire.is_encrypted
        for reply in self._reader.feed(data):
            self.is_touched = True
            if not self._awaiting:
                # A server says something unasked before it hangs up (421), or is out of step.
                self._lose(f"the server said {reply}")
            elif self.is_open:
                awaited, self._awaiting = self._awaiting[0], self._awaiting[1:]
                _ANSWERED[awaited](self, reply)
            else:
                self._converse(reply)
            if self.is_closed:
                return
            if self._wire.is_encrypted is not was_encrypted:
                # What came in clear text after the 220 was not said by the server (CVE-2011-0411).
                self._reader.clear()
                return
        if not self._awaiting and not self._reader.is_between_replies:
            self._lose("the server said more than it was asked")

    def _final_dot_answered(self, reply: Reply) -> None:
        parcel, self.current = self.current, None
        assert parcel is not None
        self._is_content_begun = False
        if not self._wire.has_tail_begun:
            self._settle_early(parcel, reply)
        elif not (200 <= reply.code <= 299 or 400 <= reply.code <= 599):
            self._drop()
            self.owner.settle(parcel, in_doubt("An answer that is not SMTP after the final dot."))
        else:
            if reply.code == 421 or self._messages_left <= 0:
                self._drop()
            elif self.is_leaving:
                self.quit()
            self.owner.settle(parcel, read_reply(reply.code, reply.text, stage=Stage.FINAL_DOT))
            if not self._awaiting and not self.is_closed:
                self._go_on()

    def _settle_early(self, parcel: Parcel, reply: Reply) -> None:
        """Settle what was answered before its dot was sent: the server will not have it."""
        self._drop()
        if reply.is_out_of_step:
            self.owner.settle(parcel, self._out_of_step(reply))
        else:
            self.owner.settle(parcel, read_reply(reply.code, reply.text, stage=Stage.FINAL_DOT))

    def _mail_answered(self, reply: Reply) -> None:
        self._refused_at = None
        self._is_recipient_taken = False
        if reply.code != 250:
            self._decline(reply, Await.MAIL, Stage.MAIL)
        elif not self.welcome.has_pipelining:
            assert self.following is not None
            self._say(recipient_of(self.following), Await.RCPT)

    def _recipient_answered(self, reply: Reply) -> None:
        self._is_recipient_taken = reply.code in (250, 251)
        if self._refused_at is not None:
            self._hear_out(reply)
        elif not self._is_recipient_taken:
            self._decline(reply, Await.RCPT, Stage.RCPT)
        elif not self.welcome.has_pipelining:
            self._say(b"DATA\r\n", Await.DATA)

    def _data_answered(self, reply: Reply) -> None:
        if self._refused_at is None:
            if reply.code != 354:
                self._decline(reply, Await.DATA, Stage.DATA)
            elif self._wire.unsent:
                self._lose("the server answered DATA before it was sent")
            else:
                self.current, self.following = self.following, None
                self._prepare_content()
        elif reply.code == 354 and not self._is_recipient_taken:
            # The server waits for a content although nobody would get it (RFC 2920 3.1).
            self._go_on(b".\r\n", Await.LONE_DOT)
        elif reply.code == NONSENSE or reply.code == 421 or reply.is_out_of_step:
            self._drop()
        else:
            self._go_on(b"RSET\r\n", Await.RSET)

    def _lone_dot_answered(self, reply: Reply) -> None:
        if reply.code in (NONSENSE, 421):
            self._lose(f"the server said {reply}")
        elif not self._awaiting:
            self._go_on()

    def _reset_answered(self, reply: Reply) -> None:
        if not 200 <= reply.code <= 299:
            self._lose(f"the server said {reply}")
        elif not self._awaiting:
            self._go_on()

    def _decline(self, reply: Reply, at: Await, stage: Stage) -> None:
        """Settle a parcel whose envelope was not taken; the answers to its rest are heard out."""
        parcel, self.following = self.following, None
        self._refused_at = at
        is_last_word = reply.code == 421 and stage is Stage.MAIL and not self._is_fresh
        self._is_fresh = False
        if reply.is_out_of_step or reply.code == 421:
            self._drop()
        if parcel is None:
            return
        if reply.is_out_of_step:
            self.owner.settle(parcel, self._out_of_step(reply))
        elif is_last_word and self._may_try_elsewhere(parcel):
            # The server has had enough of this connection, not of this message.
            self.owner.give_back(parcel)
        else:
            self.owner.settle(parcel, read_reply(reply.code, reply.text, stage=stage))
        if not self._awaiting and not self.is_closed:
            self._go_on(b"RSET\r\n", Await.RSET)

    def _hear_out(self, reply: Reply) -> None:
        if reply.code in (NONSENSE, 421):
            self._drop()

    def _out_of_step(self, reply: Reply) -> Outcome:
        return deferred(f"{self.server.host} answered out of step: {reply}")

    # Writing

    def _go_on(self, first: bytes = b"", awaited: Await | None = None) -> None:
        """Say what has to be said first, and the envelope of the next parcel."""
        if self.is_leaving or self._messages_left <= 0:
            self.quit()
            return
        before = () if awaited is None else (awaited,)
        if before and not self.welcome.has_pipelining:
            self._awaiting = before
            self._write(first)
            return
        self._load()
        if self.following is None and not before:
            self.owner.rest(self)
        elif self.following is None:
            self._awaiting = before
            self._write(first)
        elif self.welcome.has_pipelining:
            self._awaiting = before + _ENVELOPE
            self._write(first + self._envelope)
        else:
            self._say(self._envelope, Await.MAIL)

    def _prepare_content(self) -> None:
        """Stand in line to write; the envelope of the next parcel goes along."""
        self.owner.write_soon(self)
        if self.welcome.has_pipelining and self._messages_left > 1 and not self.is_leaving:
            self._load()

    def _load(self) -> None:
        """Take the next parcel that this server can carry, and write its envelope."""
        while (parcel := self.following or self.owner.take()) is not None:
            self.following = parcel
            envelope = envelope_of(parcel, self.welcome)
            if isinstance(envelope, bytes):
                self._envelope = envelope
                return
            self.following = None
            self.owner.settle(parcel, envelope)

    def _say(self, command: bytes, awaited: Await) -> None:
        self._awaiting = (awaited,)
        self._write(command)

    def _write(self, command: bytes) -> None:
        self.is_touched = True
        try:
            self._wire.write(b"", command)
        except OSError as error:
            self._broke_in_writing(error)
        else:
            if self._wire.unsent:
                self._watch_for_room()

    def _flush(self) -> None:
        before = self._wire.unsent
        try:
            self._wire.flush()
        except OSError as error:
            self._broke_in_writing(error)
            return
        if self._wire.unsent < before:
            self.is_touched = True
        if not self._wire.unsent:
            self.owner.watch(self._wire.fileno, self._read, _IN)

    def _watch_for_room(self) -> None:
        self.owner.watch(self._wire.fileno, self._read_or_flush, _IN | _OUT)

    def _read_or_flush(self, events: int) -> None:
        if events & ~_OUT:
            self._read(events)
        if events & _OUT and not self.is_closed:
            self._flush()

    # Ending

    def _broke_in_writing(self, error: OSError) -> None:
        """Hear what the server said before it hung up, such as why."""
        if self.is_open:
            self._read(_IN)
        if not self.is_closed:
            self._lose(_why(error))

    def _lose(self, reason: str, *, is_silent: bool = False) -> None:
        """End a conversation that the network or the server has broken."""
        if not self.is_open:
            self._turned_away(self._unreachable(reason))
            return
        current, following = self.current, self.following
        self.current = self.following = None
        is_begun, is_handed_over = self._is_content_begun, self._wire.has_tail_begun
        self._drop()
        broken = deferred(f"The connection broke: {reason}")
        if current is not None and is_begun:
            self.owner.settle(
                current, in_doubt(f"No answer after the final dot: {reason}") if is_handed_over else broken
            )
            first, others = None, [following]
        else:
            first, *others = [current, following] if current is not None else [following]
        if first is not None and (is_silent or self._is_fresh):
            # The server hung up on this very message, or did not even answer.
            self.owner.settle(first, broken)
        else:
            others.append(first)
        for parcel in others:
            if parcel is not None and self._may_try_elsewhere(parcel):
                self.owner.give_back(parcel)
            elif parcel is not None:
                self.owner.settle(parcel, broken)

    def _may_try_elsewhere(self, parcel: Parcel) -> bool:
        parcel.lost_connections += 1
        return parcel.lost_connections <= _LOST_CONNECTIONS

    def _drop(self) -> None:
        """Hang up; what was not begun is carried by another."""
        if self.is_closed:
            return
        self.is_closed = True
        self._dialogue.close()
        self._hang_up()
        self.owner.gone(self)
        left = [self.following]
        self.following = None
        if not self._is_content_begun:
            left.append(self.current)
            self.current = None
        for parcel in left:
            if parcel is not None:
                self.owner.give_back(parcel)

    def _hang_up(self) -> None:
        self.owner.watch(self._wire.fileno, self._read, 0)
        self._wire.close()


def _why(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    return error.strerror or str(error) or type(error).__name__


_ANSWERED: Final[dict[Await, Callable[[Connection, Reply], None]]] = {
    Await.FINAL_DOT: Connection._final_dot_answered,
    Await.MAIL: Connection._mail_answered,
    Await.RCPT: Connection._recipient_answered,
    Await.DATA: Connection._data_answered,
    Await.LONE_DOT: Connection._lone_dot_answered,
    Await.RSET: Connection._reset_answered,
}
