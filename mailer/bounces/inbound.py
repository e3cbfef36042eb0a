"""A mail server of our own for what comes back: point an MX, a transport or a pipe at it (LMTP or SMTP).

It takes mail only for addresses that we made and that are proven by their token, so
there is nothing in it for spammers; and it says “250” only after the commit.
"""

import asyncio
import logging
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from mailer.bounces.models import Via
from mailer.bounces.receive import receive
from mailer.bounces.recognise import token_in
from mailer.db import db
from mailer.lib.clock import utcnow
from mailer.patience import answer_in_time

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

log = logging.getLogger(__name__)

_LARGEST_BYTES: Final = 10 * 1024 * 1024
_MOST_RECIPIENTS: Final = 20

Context = Callable[[], "AbstractContextManager[object]"]


class Inbound:
    """What the server does with a mail.

    :param context: enters the application, once for each mail
    """

    def __init__(self, context: Context) -> None:
        self._context = context

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take mail for addresses of ours alone."""
        if len(envelope.rcpt_tos) >= _MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        with self._context():
            if token_in([address]) is None:
                return "550 5.1.1 Nothing of ours comes back to this address"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Write down what came back, then say so."""
        content = envelope.original_content or b""
        return await asyncio.to_thread(self._take, content, list(envelope.rcpt_tos))

    def _take(self, content: bytes, recipients: list[str]) -> str:
        with self._context():
            try:
                found = receive(content, recipients=recipients, via=Via.LISTENER, now=utcnow())
                db.session.commit()
            except Exception:
                db.session.rollback()
                log.exception("A mail that came back could not be kept.")
                return "451 4.3.0 Please try again later"
            finally:
                db.session.remove()
        return f"250 2.0.0 {len(found)} noted"


def run_inbound(context: Context, *, host: str, port: int, is_lmtp: bool) -> None:
    """Take what comes back until told to stop."""
    answer_in_time()
    asyncio.run(_serve(Inbound(context), host, port, is_lmtp=is_lmtp))


def protocol(inbound: Inbound, *, is_lmtp: bool) -> SMTP:
    """Return one conversation's end."""
    kind = LMTP if is_lmtp else SMTP
    return kind(inbound, ident="Mailer", data_size_limit=_LARGEST_BYTES, enable_SMTPUTF8=True, timeout=120)


async def _serve(inbound: Inbound, host: str, port: int, *, is_lmtp: bool) -> None:
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    server = await loop.create_server(
        lambda: protocol(inbound, is_lmtp=is_lmtp), host, port, reuse_address=True
    )
    log.info("Taking what comes back on %s:%d (%s).", host, port, "LMTP" if is_lmtp else "SMTP")
    await stopping.wait()
    server.close()
