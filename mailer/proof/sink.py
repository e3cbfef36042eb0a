"""A bad SMTP server with a good memory: it fails as ``fates`` says, and writes down first what it does.

Run as a program of its own: ``python -m mailer.proof.sink PORT RECORD SEED``. The record
is a line for each thing that happened, appended before the client hears of it, so
that it is the truth about what has arrived, whoever is killed.
"""

import asyncio
import os
import re
import sys
import time
from binascii import a2b_qp
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from mailer.proof.fates import Act, Fate, fate_of

#: In each campaign's subject and body; what stands in it must be the envelope's.
MARKER: Final = re.compile(rb"\[to ([^ \]]+) of ([^ \]]+)\]")
#: One connection in so many is turned away at the door.
_TURNED_AWAY: Final = 200
_EHLO: Final = b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n"


class Happened(StrEnum):
    """What the record tells."""

    #: Taken over, and said so.
    TAKEN = "taken"
    #: Taken over, and not a word.
    TAKEN_SILENTLY = "taken_silently"
    #: Not taken, and not a word; for all the client knows it may have been.
    DROPPED_SILENTLY = "dropped_silently"
    #: A reply that is no yes.
    REFUSED = "refused"
    #: A body that is not for this envelope, or not whole.
    CROSSED = "crossed"
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the record.

    :param at: seconds since the epoch, when it happened
    :param began_at: when the recipient was named on this connection; 0 when none was
    :param campaign: the marker in the message, when there was one
    """

    at: float
    began_at: float
    connection: int
    what: Happened
    address: str
    campaign: str
    detail: str

    def line(self) -> bytes:
        """Return it as it is kept."""
        return (
            f"{self.at:.6f}\t{self.began_at:.6f}\t{self.connection}\t{self.what.value}\t"
            f"{self.address}\t{self.campaign}\t{self.detail}\n"
        ).encode()


class Record:
    """What the sink wrote down, read along while it grows.

    :ivar taken: how many messages of each campaign were taken over
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open(encoding="utf-8")
        self._rest = ""
        self.entries: list[Entry] = []
        self.addresses: set[str] = set()
        self.taken: Counter[str] = Counter()

    def refresh(self) -> None:
        """Read what is new."""
        *lines, self._rest = (self._rest + self._file.read()).split("\n")
        for line in lines:
            at, began_at, connection, what, address, campaign, detail = line.split("\t")
            entry = Entry(
                float(at), float(began_at), int(connection), Happened(what), address, campaign, detail
            )
            self.entries.append(entry)
            self.addresses.add(address)
            self.taken[campaign] += entry.what in (Happened.TAKEN, Happened.TAKEN_SILENTLY)


class _Server:
    """What its conversations share."""

    def __init__(self, record: int, seed: int) -> None:
        self.record, self.seed = record, seed
        self.connections = 0
        self.attempts: Counter[str] = Counter()


class _Conversation(asyncio.Protocol):
    """One connection.

    Input is worked through as far as it goes; what is to be said and what is to be
    written down is collected meanwhile, so that a pipelined group costs one write to
    each: first to the record, then to the client.
    """

    _transport: asyncio.Transport

    def __init__(self, server: _Server) -> None:
        self._server = server
        self._input = bytearray()
        self._entries: list[bytes] = []
        self._said: list[bytes] = []
        self._is_paused = self._is_over = self._is_in_body = False
        self._address, self._began_at = "", 0.0
        self._fate: Fate | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet, or turn away."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.connections += 1
        self._number = self._server.connections
        self._note(Happened.CONNECTED)
        if self._number % _TURNED_AWAY == _TURNED_AWAY - 1:
            self._say("421 4.3.2 Too busy")
            self._leave()
        else:
            self._say("220 sink")
        self._tell()

    def connection_lost(self, exc: Exception | None) -> None:
        """Write down that it is gone."""
        self._is_over = True
        self._note(Happened.DISCONNECTED)
        self._tell()

    def data_received(self, data: bytes) -> None:
        """Work through what came, unless a stall is on."""
        self._input += data
        self._work()

    def _work(self) -> None:
        while not (self._is_paused or self._is_over) and (
            self._body() if self._is_in_body else self._command()
        ):
            pass
        self._tell()

    def _command(self) -> bool:
        """Answer the next command, when it has come whole."""
        end = self._input.find(b"\r\n")
        if end < 0:
            return False
        line = bytes(self._input[:end])
        del self._input[: end + 2]
        verb = line[:4].upper()
        if verb == b"MAIL":
            self._address, self._fate = "", None
            self._say("250 2.1.0 Ok")
        elif verb == b"RCPT":
            self._recipient(line)
        elif verb == b"DATA":
            self._data()
        elif verb in (b"EHLO", b"HELO"):
            self._said.append(_EHLO)
        elif verb == b"RSET":
            self._address = ""
            self._say("250 2.0.0 Ok")
        elif verb == b"QUIT":
            self._say("221 2.0.0 Bye")
            self._leave()
        else:
            self._say("500 5.5.2 What?")
        return True

    def _recipient(self, line: bytes) -> None:
        address = line[line.find(b"<") + 1 : line.find(b">")].decode()
        self._server.attempts[address] += 1
        self._address, self._began_at = address, time.time()
        self._fate = fate_of(self._server.seed, address, self._server.attempts[address])
        # MAIL comes without the recipient; what is refused there is refused here.
        if not self._meets("rcpt") and not self._meets("mail"):
            self._say("250 2.1.5 Ok")

    def _data(self) -> None:
        if not self._address:
            self._say("503 5.5.1 Nobody to send it to")
        elif not self._meets("data"):
            self._say("354 Go on")
            self._is_in_body = True

    def _body(self) -> bool:
        """Take the message, when it has come whole."""
        if self._fate is not None and self._fate.stage == "body" and len(self._input) > 512:
            self._meets("body")
            return False
        end = 0 if self._input.startswith(b".\r\n") else self._input.find(b"\r\n.\r\n") + 2
        if end == 1:
            return False
        message = bytes(self._input[:end])
        del self._input[: end + 3]
        self._is_in_body = False
        if not message and self._fate is None:
            self._note(Happened.REFUSED, detail="an empty message")
            self._say("554 5.6.0 Empty")
            return True
        campaign = self._judge(message)
        if not self._meets("dot", campaign):
            self._note(Happened.TAKEN, campaign)
            self._say("250 2.0.0 Taken")
        self._address = ""
        return True

    def _judge(self, message: bytes) -> str:
        """Return the campaign that a message says it is of; note when it is not for its envelope."""
        # Quoted-printable, all of it: the markers stand in the subject and in both bodies.
        marks = {(to.decode(), of.decode()) for to, of in MARKER.findall(a2b_qp(message))}
        is_whole = message.endswith(b"--\r\n") and message.lower().count(b"\r\nmessage-id:") == 1
        if {to for to, _ in marks} != {self._address} or len(marks) != 1 or not is_whole:
            self._note(Happened.CROSSED, detail=f"{sorted(marks)} whole: {is_whole}")
        return next((of for _, of in sorted(marks)), "")

    def _meets(self, stage: str, campaign: str = "") -> bool:
        """Do what fate holds for a stage; return whether it held anything."""
        fate = self._fate
        if fate is None or fate.stage != stage:
            return False
        if fate.seconds:
            self._stall(fate, campaign)
        else:
            self._do(fate, campaign)
        return True

    def _stall(self, fate: Fate, campaign: str) -> None:
        self._is_paused = True
        # What happens later is about who was named now.
        address, began_at = self._address, self._began_at

        def wake() -> None:
            self._is_paused = False
            self._address, self._began_at = address, began_at
            if not self._is_over:
                self._do(fate, campaign)
                self._work()

        asyncio.get_running_loop().call_later(fate.seconds, wake)

    def _do(self, fate: Fate, campaign: str) -> None:
        match fate.act:
            case Act.REFUSE:
                self._note(Happened.REFUSED, campaign, fate.reply)
                self._say(fate.reply)
                self._address = ""
                if fate.reply.startswith("421"):
                    self._leave()
            case Act.CUT:
                # In mid-message too: what the client wrote may have been all of it.
                if fate.stage in ("body", "dot"):
                    self._note(Happened.DROPPED_SILENTLY, campaign)
                self._leave()
            case Act.TAKE_AND_CUT:
                self._note(Happened.TAKEN_SILENTLY, campaign)
                self._leave()
            case Act.SLOW:
                self._note(Happened.TAKEN, campaign)
                self._say("250 2.0.0 Taken")

    def _note(self, what: Happened, campaign: str = "", detail: str = "") -> None:
        entry = Entry(time.time(), self._began_at, self._number, what, self._address, campaign, detail)
        self._entries.append(entry.line())

    def _say(self, reply: str) -> None:
        self._said.append(reply.encode() + b"\r\n")

    def _leave(self) -> None:
        self._is_over = True

    def _tell(self) -> None:
        """Write down what happened, and only then tell the client."""
        if self._entries:
            os.write(self._server.record, b"".join(self._entries))
            self._entries.clear()
        if self._said:
            self._transport.write(b"".join(self._said))
            self._said.clear()
        if self._is_over:
            self._transport.close()


async def serve(port: int, record: Path, seed: int) -> None:
    """Serve until told to stop.

    :param record: appended to
    """
    file = os.open(record, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    server = _Server(file, seed)
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(lambda: _Conversation(server), "127.0.0.1", port, backlog=1000)
    async with listening:
        await listening.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
