"""The SMTP server that programs hand their messages to."""

import asyncio
import logging
import signal
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, Final, Protocol

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from sqlalchemy.exc import SQLAlchemyError

from mailer.api.errors import ApiError
from mailer.db import db
from mailer.errors import MailerError
from mailer.lib.clock import utcnow
from mailer.patience import answer_in_time
from mailer.transactional.send import Suppressed
from mailer.transactional.submission.take import may_submit, take

log = logging.getLogger(__name__)

#: 20 MB of files as base64, and the words.
_LARGEST_BYTES: Final = 32 * 1024 * 1024
_THREADS: Final = 8
_LONGEST_SILENCE: Final = 120
_BUSY: Final = "451 4.3.0 The database does not answer in time; try again"


class Application(Protocol):
    """The part of the application that the server needs."""

    def app_context(self) -> AbstractContextManager[Any]:
        """Return what database access takes place in."""


class Submission:
    """What the server does with a key and with a mail; the database is asked in threads of its own."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self.threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="submission")

    async def let_in(self, given: LoginPassword) -> AuthResult:
        """Let in whoever has a key that may send; the user name does not matter."""
        secret = given.password.decode("utf-8", "replace")
        try:
            is_welcome = await self._in_thread(may_submit, secret)
        except SQLAlchemyError:
            return AuthResult(success=False, handled=False, message="454 4.7.0 Try again in a moment")
        return AuthResult(success=is_welcome, handled=False, auth_data=secret if is_welcome else None)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Take a mail, and say so once it is committed."""
        content = envelope.original_content
        reply: str = await self._in_thread(self._take, session.auth_data, content, envelope.rcpt_tos)
        return reply

    def _take(self, secret: str, content: bytes, recipients: list[str]) -> str:
        try:
            made = take(secret, content, recipients, now=utcnow())
            db.session.commit()
        except ApiError as error:
            is_running = "Retry-After" in error.headers
            return f"{'451 4.3.0' if is_running else '550 5.6.0'} {_plain(error.message)}"
        except Suppressed as error:
            return f"550 5.7.1 {_plain(error.message)}"
        except MailerError as error:
            return f"550 5.6.0 {_plain(error.message)}"
        except SQLAlchemyError:
            log.exception("A message could not be written down.")
            return _BUSY
        return f"250 2.0.0 {made}"

    async def _in_thread(self, work: Callable[..., Any], *given: Any) -> Any:
        """Work where other connections do not wait for the database."""
        return await asyncio.get_running_loop().run_in_executor(
            self.threads, partial(self._in_application, work, *given)
        )

    def _in_application(self, work: Callable[..., Any], *given: Any) -> Any:
        with self._app.app_context():
            return work(*given)


class Conversation(SMTP):
    """What one program says: its key is looked up apart from the loop, which all conversations share."""

    async def auth_PLAIN(self, server: Any, args: list[str]) -> AuthResult:
        """Take a key in one word (RFC 4616)."""
        return await self._let_in(await super().auth_PLAIN(server, args))

    async def auth_LOGIN(self, server: Any, args: list[str]) -> AuthResult:
        """Take a key in answers to two questions, as older programs give it."""
        return await self._let_in(await super().auth_LOGIN(server, args))

    async def _let_in(self, said: AuthResult) -> AuthResult:
        if not said.success:
            return said
        answer: AuthResult = await self.event_handler.let_in(said.auth_data)
        return answer


def run_submission(
    app: Application, *, host: str, port: int, certificate: str = "", private_key: str = ""
) -> None:
    """Take messages until told to stop; those in hand are answered first.

    :param certificate: a PEM file; with it the server offers STARTTLS, and keys are taken over TLS alone
    """
    answer_in_time()
    asyncio.run(_serve(Submission(app), host, port, _tls(certificate, private_key)))


async def _serve(submission: Submission, host: str, port: int, tls: ssl.SSLContext | None) -> None:
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    server = await loop.create_server(lambda: listener(submission, loop, tls), host, port, reuse_address=True)
    how = "with STARTTLS" if tls else "without TLS: keep it inside your network"
    log.info("Taking messages by SMTP on %s:%d, %s.", host, port, how)
    await stopping.wait()
    server.close()
    await loop.run_in_executor(None, partial(submission.threads.shutdown, wait=True))


def listener(submission: Submission, loop: asyncio.AbstractEventLoop, tls: ssl.SSLContext | None) -> SMTP:
    """Return what serves one connection."""
    return Conversation(
        submission,
        hostname="mailer",
        ident="Mailer",
        data_size_limit=_LARGEST_BYTES,
        enable_SMTPUTF8=True,
        auth_required=True,
        auth_require_tls=tls is not None,
        authenticator=_as_said,
        tls_context=tls,
        timeout=_LONGEST_SILENCE,
        loop=loop,
    )


def _as_said(server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any) -> AuthResult:
    return AuthResult(success=isinstance(given, LoginPassword), handled=False, auth_data=given)


def _tls(certificate: str, private_key: str) -> ssl.SSLContext | None:
    if not certificate:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, private_key or None)
    return context


def _plain(sentence: str) -> str:
    """Return a sentence as a reply of SMTP can hold it."""
    return (
        " ".join(sentence.replace("“", '"').replace("”", '"').replace("’", "'").split())
        .encode("ascii", "replace")
        .decode()[:400]
    )
