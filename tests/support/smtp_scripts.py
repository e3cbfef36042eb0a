"""A server that plays generated scripts: for each message, what it does at which command, once."""

import random
import socket
import socketserver
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from mailer.delivery.engine.ports import Parcel, Server
from tests.support.serving import serving

STAGES = ("mail", "rcpt", "data", "dot", "rset")


@dataclass(frozen=True)
class Act:
    """What the server does instead of saying the usual.

    :param kind: say, cut, cut in reply, take and cut, twice, in pieces, stall
    :param reply: the bytes that it says; the line's end is part of them
    """

    kind: str
    reply: bytes = b""

    def __str__(self) -> str:
        return f"{self.kind} {self.reply.decode(errors='replace').strip()}".strip()


@dataclass(frozen=True)
class Script:
    """All that happens to some messages.

    :param acts: by the message's number and the stage
    """

    seed: int
    messages: int
    acts: dict[tuple[int, str], Act]
    has_pipelining: bool = True
    #: DATA is answered with 354 although the recipient was refused, as RFC 2920 3.1 allows.
    takes_empty_content: bool = False

    def __str__(self) -> str:
        acts = ", ".join(f"{number} {stage}: {act}" for (number, stage), act in self.acts.items())
        return f"script {self.seed}: {acts or 'nothing happens'}"


@dataclass
class Taken:
    """A message that the server has taken over."""

    sender: str
    recipients: list[str]
    content: bytes


@dataclass
class Performance:
    """What is played, and what came of it."""

    script: Script
    played: set[tuple[int, str]] = field(default_factory=set)
    taken: list[Taken] = field(default_factory=list)
    connections: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def act(self, number: int, stage: str) -> Act | None:
        """The script's act for a command; the second time it is answered as usual."""
        with self.lock:
            if (number, stage) in self.played:
                return None
            self.played.add((number, stage))
            return self.script.acts.get((number, stage))

    def contents_of(self, number: int) -> list[Taken]:
        """What was taken over for one message."""
        return [taken for taken in self.taken if taken.recipients == [recipient_of(number)]]


def sender_of(number: int) -> str:
    return f"bounces+{number}@bakery.example"


def recipient_of(number: int) -> str:
    return f"reader{number}@example.com"


def content_of(number: int, *, bytes_: int = 200) -> bytes:
    line = b"message %d " % number
    line = line * (70 // len(line)) + b"\r\n"
    return b"Subject: %d\r\n\r\n" % number + line * (1 + bytes_ // len(line))


def parcel_of(number: int, *, bytes_: int = 200) -> Parcel:
    return Parcel(number, sender_of(number), recipient_of(number), content_of(number, bytes_=bytes_))


CODES = (250, 251, 252, 354, 421, 450, 451, 452, 500, 501, 503, 530, 550, 551, 552, 553, 554, 600)
TEXTS = (
    "",
    "ok",
    "4.2.1 slow down",
    "4.7.28 unusual rate",
    "4.3.2 closing",
    "5.1.1 no such user",
    "5.2.2 mailbox full",
    "5.7.1 policy",
    "5.7.26 unauthenticated",
    "5.3.4 too big",
    "no such user here",
    "relay not permitted",
    "High probability of spam",
    "Füße",
)
NONSENSE = (b"hello\r\n", b"25\r\n", b"2 50 ok\r\n", b"\r\n", b"250\tok\r\n", b"-250 ok\r\n", b"\xff\xfe\r\n")
KINDS = ("say",) * 12 + ("in pieces", "in pieces", "nonsense", "twice")
KINDS += ("cut", "cut", "cut in reply", "take and cut")


def generate(seed: int, *, messages: int = 5) -> Script:
    """Return the script of a seed."""
    chance = random.Random(seed)
    takes_empty_content = chance.random() < 0.3
    # Where a lone dot ends what was refused, no RSET is sent.
    stages = [stage for stage in STAGES if stage != "rset" or not takes_empty_content]
    acts = {}
    for number in range(messages):
        while chance.random() < 0.45:
            stage = chance.choice(stages)
            acts[number, stage] = _act(chance, stage)
    if any(act.kind == "twice" for act in acts.values()):
        # An answer too many, and then a 354 to RCPT: to every client that is DATA's.
        acts = {
            (number, stage): act
            for (number, stage), act in acts.items()
            if stage not in ("mail", "rcpt") or not act.reply.startswith(b"354")
        }
    return Script(
        seed,
        messages,
        acts,
        has_pipelining=chance.random() < 0.75,
        takes_empty_content=takes_empty_content,
    )


def _act(chance: random.Random, stage: str) -> Act:
    kind = chance.choice(KINDS)
    if kind == "nonsense":
        return Act("say", chance.choice(NONSENSE))
    usual = 354 if stage == "data" else 250
    code = usual if kind == "twice" or chance.random() < 0.1 else chance.choice(CODES)
    return Act(kind, reply(code, [chance.choice(TEXTS) for _ in range(chance.choice((1, 1, 1, 2, 3)))]))


def reply(code: int, lines: Sequence[str]) -> bytes:
    """Return a whole reply."""
    *before, last = lines
    return b"".join(f"{code}-{line}\r\n".encode() for line in before) + f"{code} {last}\r\n".encode()


class _Closed(Exception):
    pass


class _Conversation(socketserver.StreamRequestHandler):
    server: "_Server"
    disable_nagle_algorithm = True

    def handle(self) -> None:
        self.performance = self.server.performance
        self.performance.connections += 1
        self.number, self.sender, self.recipients = -1, "", []
        try:
            self._write(b"220 scripted\r\n")
            while line := self.rfile.readline():
                self._command(line.decode().rstrip("\r\n"))
        except (_Closed, OSError):
            pass

    def _command(self, line: str) -> None:
        verb = line[:4].upper()
        if verb == "EHLO":
            extensions = ["scripted", "8BITMIME", *["PIPELINING"] * self.performance.script.has_pipelining]
            self._write(reply(250, extensions))
        elif verb == "MAIL":
            self._mail(line[11:].partition(">")[0])
        elif verb == "RCPT":
            self._recipient(line[9:].partition(">")[0])
        elif verb == "DATA":
            self._data()
        elif verb == "RSET":
            self._reset()
            self._play("rset", b"250 2.0.0 reset\r\n")
        elif verb == "QUIT":
            self._write(b"221 2.0.0 bye\r\n")
            raise _Closed
        else:
            # A text that is taken for commands: nobody should ever see this.
            self.performance.taken.append(Taken("", ["a text as a command"], line.encode()))

    def _mail(self, sender: str) -> None:
        if self.sender:
            self._write(b"503 5.5.1 nested MAIL\r\n")
            return
        self.number = int(sender.partition("+")[2].partition("@")[0])
        if self._play("mail", b"250 2.1.0 ok\r\n"):
            self.sender = sender

    def _recipient(self, recipient: str) -> None:
        if not self.sender:
            self._write(b"503 5.5.1 no MAIL\r\n")
        elif self._play("rcpt", b"250 2.1.5 ok\r\n"):
            self.recipients.append(recipient)

    def _data(self) -> None:
        if not self.sender:
            self._write(b"503 5.5.1 no MAIL\r\n")
        elif not self.recipients and not self.performance.script.takes_empty_content:
            self._write(b"554 5.5.1 no valid recipients\r\n")
        elif not self.recipients:
            self._write(b"354 nobody will get it\r\n")
            self._content()
            self._reset()
            self._write(b"554 5.5.1 no valid recipients\r\n")
        elif self._play("data", b"354 go on\r\n", wanted=b"354"):
            taken = Taken(self.sender, self.recipients, self._content())
            self._reset()
            self._take(taken)

    def _content(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                raise _Closed
            lines.append(line)
        return b"".join(lines)

    def _take(self, taken: Taken) -> None:
        act = self.performance.act(self.number, "dot")
        is_taken = act is None or act.kind == "take and cut" or act.reply.startswith(b"2")
        if is_taken and not (act is not None and act.kind == "cut"):
            self.performance.taken.append(taken)
        self._do(act, b"250 2.0.0 taken\r\n")

    def _play(self, stage: str, usual: bytes, *, wanted: bytes = b"2") -> bool:
        """Answer a command; return whether it was granted."""
        return self._do(self.performance.act(self.number, stage), usual).startswith(wanted)

    def _do(self, act: Act | None, usual: bytes) -> bytes:
        if act is None:
            self._write(usual)
            return usual
        if act.kind in ("cut", "take and cut"):
            raise _Closed
        if act.kind == "cut in reply":
            self._write(act.reply[: len(act.reply) // 2])
            raise _Closed
        if act.kind == "stall":
            self.rfile.read()
            raise _Closed
        if act.kind == "in pieces":
            for byte in act.reply:
                self._write(bytes([byte]))
        else:
            self._write(act.reply * (2 if act.kind == "twice" else 1))
        if act.reply.startswith(b"421"):
            raise _Closed
        return act.reply

    def _reset(self) -> None:
        self.sender, self.recipients = "", []

    def _write(self, data: bytes) -> None:
        self.connection.sendall(data)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    performance: Performance

    @property
    def address(self) -> Server:
        """How the product reaches it."""
        return Server("127.0.0.1", self.server_address[1], tls="off")

    def play(self, script: Script) -> Performance:
        """Begin a script from its beginning."""
        self.performance = Performance(script)
        return self.performance

    def shutdown_request(self, request: socket.socket) -> None:  # type: ignore[override]
        """Hang up."""
        request.close()


@contextmanager
def scripted() -> Iterator[_Server]:
    """Run the server for a while."""
    with _Server(("127.0.0.1", 0), _Conversation) as server, serving(server):
        yield server
