"""A real SMTP server on loopback that answers as a test tells it to, and keeps what it took over."""

import socket
import socketserver
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from mailer.delivery.engine.ports import Server
from tests.support.serving import serving

#: Close the connection instead of answering.
CUT = "CUT"
#: Take the message over, then close without a word.
TAKE_AND_CUT = "TAKE_AND_CUT"
#: Say nothing until the client gives up.
STALL = "STALL"

#: (stage, recipient) -> a reply, one of the three above, or None for the usual answer.
#: Stages: connect, ehlo, auth, mail, rcpt, data, dot, rset.
Script = Callable[[str, str], str | None]


@dataclass
class Received:
    """One message that the server answers for."""

    sender: str
    recipient: str
    data: bytes


def as_usual(stage: str, recipient: str) -> str | None:
    """Take everything."""
    return None


@dataclass
class Sink:
    """What the server saw."""

    port: int
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    script: Script = as_usual
    extensions: tuple[str, ...] = ()

    @property
    def server(self) -> Server:
        """How the product reaches it."""
        return Server("127.0.0.1", self.port, tls="off")

    def of(self, recipient: str) -> list[Received]:
        """The messages to one address."""
        return [message for message in self.received if message.recipient == recipient]


class _Closed(Exception):
    pass


class _Conversation(socketserver.StreamRequestHandler):
    sink: Sink

    def handle(self) -> None:
        self.sink.connections += 1
        self.sender = self.recipient = ""
        try:
            self._answer("connect", "220 sink ready")
            while line := self.rfile.readline():
                self._command(line.decode().rstrip("\r\n"))
        except (_Closed, OSError):
            pass

    def _command(self, line: str) -> None:
        verb = line.upper()
        if verb.startswith(("EHLO", "HELO")):
            lines = ["sink", *self.sink.extensions]
            marks = ["-"] * (len(lines) - 1) + [" "]
            usual = "\r\n".join(f"250{mark}{line}" for mark, line in zip(marks, lines, strict=True))
            self._answer("ehlo", usual)
        elif verb.startswith("AUTH"):
            self._answer("auth", "235 2.7.0 welcome")
        elif verb.startswith("MAIL FROM:"):
            self.sender, self.recipient = line[11:].partition(">")[0], ""
            self._answer("mail", "250 2.1.0 ok")
        elif verb.startswith("RCPT TO:"):
            self.recipient = line[9:].partition(">")[0]
            self._answer("rcpt", "250 2.1.5 ok")
        elif verb == "DATA":
            if self._answer("data", "354 go on").startswith("354"):
                self._take()
        elif verb == "RSET":
            self._answer("rset", "250 2.0.0 ok")
        elif verb == "QUIT":
            self._write("221 2.0.0 bye")
            raise _Closed
        else:
            self._write("500 5.5.2 what?")

    def _take(self) -> None:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                raise _Closed
            lines.append(line)
        message = Received(self.sender, self.recipient, b"".join(lines))
        planned = self.sink.script("dot", self.recipient)
        if planned is None or planned == TAKE_AND_CUT or planned.startswith("2"):
            self.sink.received.append(message)
        self._say(planned or "250 2.0.0 taken")

    def _answer(self, stage: str, usual: str) -> str:
        answer = self.sink.script(stage, self.recipient) or usual
        self._say(answer)
        return answer

    def _say(self, answer: str) -> None:
        if answer in (CUT, TAKE_AND_CUT):
            self.connection.shutdown(socket.SHUT_RDWR)
            raise _Closed
        if answer == STALL:
            # Until the client hangs up.
            self.rfile.read()
            raise _Closed
        self._write(answer)
        if answer.startswith("421"):
            raise _Closed

    def _write(self, answer: str) -> None:
        self.wfile.write(answer.encode() + b"\r\n")
        self.wfile.flush()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    # With the usual five, connections of several workers that come at once wait half a minute for a greeting.
    request_queue_size = 128


@contextmanager
def sink(script: Script | None = None, *, extensions: tuple[str, ...] = ()) -> Iterator[Sink]:
    """Run the server for a while."""
    with _Server(("127.0.0.1", 0), _Conversation) as server:
        state = Sink(port=server.server_address[1], extensions=extensions)
        if script is not None:
            state.script = script
        server.RequestHandlerClass = type("Conversation", (_Conversation,), {"sink": state})
        with serving(server):
            yield state
