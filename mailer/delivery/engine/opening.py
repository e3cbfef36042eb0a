"""How a conversation begins: greeting, encryption, sign-in.

Written as a generator that knows no socket: it yields what to say and is sent the
reply, so that it reads from top to bottom as the two sides speak.
"""

import base64
import binascii
import hmac
from collections.abc import Callable, Generator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from mailer.delivery.engine.outcomes import Outcome, Stage, Verdict, deferred, read_reply
from mailer.delivery.engine.ports import Refused, Server
from mailer.delivery.engine.replies import NONSENSE, Reply


class Signal(Enum):
    """What is to be done instead of saying something."""

    #: The server speaks first.
    LISTEN = "listen"
    #: Encrypt from here on; answered with a reply of no meaning.
    BEGIN_TLS = "begin TLS"


@dataclass(frozen=True, slots=True)
class Welcome:
    """What a server told us about itself.

    :param words: its answer to our greeting
    :param size: the longest message that it takes, in bytes; 0 when it set no limit
    """

    words: str = ""
    has_pipelining: bool = False
    has_size: bool = False
    size: int = 0
    has_8bitmime: bool = False
    has_smtputf8: bool = False
    has_starttls: bool = False
    mechanisms: frozenset[str] = frozenset()


Dialogue = Generator[bytes | Signal, Reply, Welcome]


def opening(server: Server) -> Dialogue:
    """Speak until messages can be sent, and return what the server can do.

    :raises Refused: it would not let us begin
    """
    reply = yield Signal.LISTEN
    if reply.code != 220:
        raise Refused(_at_the_door(reply, server))
    welcome = yield from _greet(server)
    is_encrypted = yield from _encrypt(server, welcome)
    if is_encrypted:
        # What it said in clear text may have been said by someone else (RFC 3207 4.2).
        welcome = yield from _greet(server)
    if server.user:
        yield from _sign_in(server, welcome, is_encrypted=is_encrypted)
    return welcome


def _greet(server: Server) -> Dialogue:
    reply = yield f"EHLO {server.helo}\r\n".encode()
    if reply.code == 250:
        return _welcome(reply)
    if reply.code in (500, 502, 504):
        reply = yield f"HELO {server.helo}\r\n".encode()
        if reply.code == 250:
            return Welcome(words=_words(reply))
    raise Refused(_at_the_door(reply, server))


def _welcome(reply: Reply) -> Welcome:
    offered: dict[str, list[str]] = {}
    for line in reply.lines[1:]:
        # Servers of the nineties wrote AUTH=LOGIN.
        keyword, *values = line.decode("utf-8", "replace").upper().replace("AUTH=", "AUTH ", 1).split() or [
            ""
        ]
        offered.setdefault(keyword, []).extend(values)
    size = offered.get("SIZE", [])
    return Welcome(
        words=_words(reply),
        has_pipelining="PIPELINING" in offered,
        has_size="SIZE" in offered,
        size=int(size[0]) if size and size[0].isdecimal() else 0,
        has_8bitmime="8BITMIME" in offered,
        has_smtputf8="SMTPUTF8" in offered,
        has_starttls="STARTTLS" in offered,
        mechanisms=frozenset(offered.get("AUTH", [])),
    )


def _encrypt(server: Server, welcome: Welcome) -> Generator[bytes | Signal, Reply, bool]:
    if server.tls == "off" or (server.tls == "opportunistic" and not welcome.has_starttls):
        return False
    if not welcome.has_starttls:
        raise Refused(Outcome(Verdict.HELD, f"{server.host} offers no STARTTLS, which is required."))
    reply = yield b"STARTTLS\r\n"
    if reply.code == 220:
        yield Signal.BEGIN_TLS
        return True
    if server.tls == "opportunistic" and 500 <= reply.code <= 599:
        return False
    raise Refused(_at_the_door(reply, server))


#: These say that this way of signing in is not for us, and nothing about the password.
_ANOTHER_WAY: Final = frozenset({500, 501, 502, 504, 534, 538})
#: 503: we are signed in already.
_SIGNED_IN: Final = frozenset({235, 503})


def _sign_in(
    server: Server, welcome: Welcome, *, is_encrypted: bool
) -> Generator[bytes | Signal, Reply, None]:
    # CRAM-MD5 keeps the password from who listens, but makes the server store it readably.
    wished = ("PLAIN", "LOGIN", "CRAM-MD5") if is_encrypted else ("CRAM-MD5", "PLAIN", "LOGIN")
    usable = [name for name in wished if name in welcome.mechanisms]
    if not usable:
        raise Refused(Outcome(Verdict.HELD, f"{server.host} takes no sign-in, but a user is set."))
    for name in usable:
        reply = yield from _MECHANISMS[name](server)
        if reply.code in _SIGNED_IN:
            return
        if reply.code not in _ANOTHER_WAY:
            break
    raise Refused(_at_the_door(reply, server))


def _plain(server: Server) -> Generator[bytes | Signal, Reply, Reply]:
    secret = _base64(f"\0{server.user}\0{server.password}".encode())
    reply = yield b"AUTH PLAIN " + secret + b"\r\n"
    if reply.code == 334:
        reply = yield secret + b"\r\n"
    return reply


def _login(server: Server) -> Generator[bytes | Signal, Reply, Reply]:
    reply = yield b"AUTH LOGIN\r\n"
    for secret in (server.user, server.password):
        if reply.code == 334:
            reply = yield _base64(secret.encode()) + b"\r\n"
    return reply


def _cram_md5(server: Server) -> Generator[bytes | Signal, Reply, Reply]:
    reply = yield b"AUTH CRAM-MD5\r\n"
    if reply.code != 334:
        return reply
    try:
        challenge = base64.b64decode(b"".join(reply.lines), validate=True)
    except binascii.Error:
        reply = yield b"*\r\n"
        return reply
    digest = hmac.new(server.password.encode(), challenge, "md5").hexdigest()
    reply = yield _base64(f"{server.user} {digest}".encode()) + b"\r\n"
    return reply


_MECHANISMS: Final[dict[str, Callable[[Server], Generator[bytes | Signal, Reply, Reply]]]] = {
    "PLAIN": _plain,
    "LOGIN": _login,
    "CRAM-MD5": _cram_md5,
}


def _at_the_door(reply: Reply, server: Server) -> Outcome:
    if reply.code == NONSENSE:
        return deferred("The server does not speak SMTP.")
    if reply.is_out_of_step:
        return deferred(f"{server.host} answered out of step: {reply}")
    return read_reply(reply.code, reply.text, stage=Stage.CONNECT)


def _base64(data: bytes) -> bytes:
    return base64.b64encode(data)


def _words(reply: Reply) -> str:
    return b"\n".join(reply.lines).decode("utf-8", "replace").strip()
