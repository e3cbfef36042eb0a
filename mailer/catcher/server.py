"""The catcher's SMTP server: takes every mail, for anybody, and sends none on."""

import asyncio
import logging
import signal
from pathlib import Path
from typing import Final

from aiosmtpd.smtp import SMTP, Envelope, Session

from mailer.catcher.store import Store
from mailer.lib.clock import utcnow

log = logging.getLogger(__name__)

_LARGEST_BYTES: Final = 50 * 1024 * 1024


class Catcher:
    """What the SMTP server does with a mail."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep a mail, then say so."""
        content = envelope.original_content or b""
        number = self._store.add(envelope.mail_from or "", envelope.rcpt_tos, content, now=utcnow())
        return f"250 2.0.0 Caught as {number}"


def run_catcher(data_dir: Path, *, port: int, host: str = "127.0.0.1") -> None:
    """Catch mail until told to stop.

    :param host: loopback, since anybody who reaches it can fill the inbox
    """
    asyncio.run(_serve(Store(data_dir), host, port))


async def _serve(store: Store, host: str, port: int) -> None:
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    catcher = Catcher(store)
    server = await loop.create_server(
        lambda: SMTP(
            catcher,
            hostname="localhost",
            ident="Mailer's catcher",
            data_size_limit=_LARGEST_BYTES,
            enable_SMTPUTF8=True,
            loop=loop,
            # A worker keeps its connection while it waits for the next batch.
            timeout=600,
        ),
        host,
        port,
        reuse_address=True,
    )
    log.info("Catching mail on %s:%d.", host, port)
    await stopping.wait()
    server.close()
