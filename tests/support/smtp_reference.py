"""The same courier as the product's, on top of ``smtplib``: what ours is measured against.

It is driven command by command and is as slow as it is plain: ``smtplib`` gives the
socket, the replies, TLS and AUTH, so that the two clients share no line but the table
of what replies mean.
"""

import smtplib
import socket
import ssl
from collections.abc import Callable
from typing import Final

from mailer.delivery.engine.outcomes import Outcome, Stage, Verdict, deferred, in_doubt, read_reply
from mailer.delivery.engine.ports import Envelope, Refused, Server

# RFC 5321 4.5.3.2. Connecting has no figure there; a server that takes half a minute is down.
_CONNECT_SECONDS: Final = 30.0
_COMMAND_SECONDS: Final = 300.0
_DATA_SECONDS: Final = 120.0
_BLOCK_SECONDS: Final = 180.0
_FINAL_DOT_SECONDS: Final = 600.0

#: Servers end long sessions in their own way (421 in mid-batch); we end them in ours.
_MESSAGES_PER_CONNECTION: Final = 1_000

# What a broken connection looks like, whatever layer notices it first.
_BROKEN: Final = (OSError, smtplib.SMTPException, EOFError)


class ReferenceCourier:
    """One connection to one server, opened when it is needed and again when it broke.

    :param timeouts: a factor for every time limit; tests shorten them
    """

    def __init__(self, server: Server, *, timeouts: float = 1.0) -> None:
        self.server = server
        self._timeouts = timeouts
        self._smtp: smtplib.SMTP | None = None
        self._handed_over = 0
        #: How many were opened so far.
        self.connections = 0
        self._is_answered = False
        #: Where in the envelope the last message was refused.
        self.refused_at: Stage | None = None

    @property
    def is_open(self) -> bool:
        """Whether the next message finds a connection that has served others."""
        return self._smtp is not None

    def hand_over(self, envelope: Envelope, message: bytes, *, before_dot: Callable[[], None]) -> Outcome:
        """Deliver one message and return what became of it."""
        was_open = self._smtp is not None
        try:
            smtp = self._opened()
        except Refused as refused:
            return refused.outcome
        try:
            outcome = self._converse(smtp, envelope, message, before_dot)
        except _BrokenBeforeDot as broken:
            self._drop()
            if was_open and broken.is_first_command:
                # An idle connection that the server had closed; a new one is not a second try.
                return self.hand_over(envelope, message, before_dot=before_dot)
            return broken.outcome
        except BaseException:
            # The text may be sent but for its dot (the lease was lost, the journal's disk is
            # full, the worker is told to stop): only closing takes it back.
            self._drop()
            raise
        self._after(outcome, is_reset=self._is_answered)
        return outcome

    def greet(self) -> str:
        """Open the connection and return the server's answers, word for word.

        :raises Refused: with what the server said
        """
        smtp = self._opened()
        answer = (smtp.ehlo_resp or smtp.helo_resp or b"").decode("utf-8", "replace")
        return answer.strip()

    def close(self) -> None:
        """Say goodbye, without waiting long for the answer."""
        if self._smtp is None:
            return
        try:
            self._wait_up_to(5.0)
            self._smtp.quit()
        except _BROKEN:
            pass
        self._drop()

    def _opened(self) -> smtplib.SMTP:
        if self._smtp is not None and self._handed_over >= _MESSAGES_PER_CONNECTION:
            self.close()
        if self._smtp is None:
            self._smtp, self._handed_over = self._open(), 0
            self.connections += 1
        return self._smtp

    def _open(self) -> smtplib.SMTP:
        server = self.server
        smtp = smtplib.SMTP(timeout=_CONNECT_SECONDS * self._timeouts, local_hostname=server.helo)
        try:
            code, words = smtp.connect(server.host, server.port)
            # The dot goes out alone, after the text: with Nagle's algorithm it would wait 40 ms
            # for the server's delayed acknowledgement, every time.
            assert smtp.sock is not None
            smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if code != 220:
                raise Refused(_at_the_door(code, words))
            self._wait_up_to(_COMMAND_SECONDS, smtp)
            _greet(smtp)
            self._encrypt(smtp)
            self._sign_in(smtp)
        except Refused:
            smtp.close()
            raise
        except ssl.SSLError as error:
            smtp.close()
            reason = getattr(error, "verify_message", "") or error.reason or str(error)
            raise Refused(deferred(f"TLS with {server.host} failed: {reason}")) from error
        except _BROKEN as error:
            smtp.close()
            raise Refused(
                deferred(f"{server.host}:{server.port} cannot be reached: {_why(error)}")
            ) from error
        return smtp

    def _encrypt(self, smtp: smtplib.SMTP) -> None:
        mode = self.server.tls
        if mode == "off":
            return
        if not smtp.has_extn("starttls"):
            if mode == "opportunistic":
                return
            raise Refused(Outcome(Verdict.HELD, f"{self.server.host} offers no STARTTLS, which is required."))
        code, words = smtp.docmd("STARTTLS")
        if code != 220:
            if mode == "opportunistic" and code < 500:
                raise Refused(deferred(_said(code, words)))
            if mode == "opportunistic":
                return
            raise Refused(_at_the_door(code, words))
        context = ssl.create_default_context()
        if mode != "verify":
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        assert smtp.sock is not None
        smtp.sock = context.wrap_socket(smtp.sock, server_hostname=self.server.host)
        # Whatever came in clear text after the 220 was not said by the server (CVE-2011-0411).
        smtp.file = None
        smtp.ehlo_resp = smtp.helo_resp = None
        smtp.esmtp_features, smtp.does_esmtp = {}, False
        _greet(smtp)

    def _sign_in(self, smtp: smtplib.SMTP) -> None:
        if not self.server.user:
            return
        try:
            smtp.login(self.server.user, self.server.password)
        except smtplib.SMTPAuthenticationError as error:
            words = error.smtp_error
            raise Refused(_at_the_door(error.smtp_code, words)) from error
        except smtplib.SMTPNotSupportedError:
            raise Refused(
                Outcome(Verdict.HELD, f"{self.server.host} takes no sign-in, but a user is set.")
            ) from None

    def _converse(
        self, smtp: smtplib.SMTP, envelope: Envelope, message: bytes, before_dot: Callable[[], None]
    ) -> Outcome:
        self._is_answered, self.refused_at = False, None
        options = ""
        if not (envelope.sender.isascii() and envelope.recipient.isascii()):
            if not smtp.has_extn("smtputf8"):
                return Outcome(
                    Verdict.REJECTED, "This address needs SMTPUTF8, which the server does not offer."
                )
            options = " BODY=8BITMIME SMTPUTF8"
        steps = (
            (Stage.MAIL, f"MAIL FROM:<{envelope.sender}>{options}", _COMMAND_SECONDS),
            (Stage.RCPT, f"RCPT TO:<{envelope.recipient}>", _COMMAND_SECONDS),
            (Stage.DATA, "DATA", _DATA_SECONDS),
        )
        for stage, command, seconds in steps:
            try:
                self._wait_up_to(seconds)
                code, words = _command(smtp, command)
            except _BROKEN as error:
                raise _BrokenBeforeDot(error, is_first_command=stage is Stage.MAIL) from error
            wanted = 354 if stage is Stage.DATA else 250
            if code != wanted and not (stage is Stage.RCPT and code == 251):
                return self._declined(code, words, stage)
        try:
            self._wait_up_to(_BLOCK_SECONDS)
            smtp.sock.sendall(message)  # type: ignore[union-attr]
        except _BROKEN as error:
            raise _BrokenBeforeDot(error) from error
        before_dot()
        return self._dot(smtp)

    def _dot(self, smtp: smtplib.SMTP) -> Outcome:
        try:
            self._wait_up_to(_FINAL_DOT_SECONDS)
            smtp.sock.sendall(b".\r\n")  # type: ignore[union-attr]
            code, words = smtp.getreply()
        except _BROKEN as error:
            self._drop()
            return in_doubt(f"No answer after the final dot: {_why(error)}")
        if not (200 <= code <= 299 or 400 <= code <= 599):
            self._drop()
            return in_doubt("An answer that is not SMTP after the final dot.")
        self._is_answered = True
        return read_reply(code, _text(words), stage=Stage.FINAL_DOT)

    def _declined(self, code: int, words: bytes, stage: Stage) -> Outcome:
        self.refused_at = stage
        if not 400 <= code <= 599:
            # Out of step: whose answer the next one would be cannot be known.
            self._drop()
            return deferred(f"{self.server.host} answered out of step: {_said(code, words)}")
        return read_reply(code, _text(words), stage=stage)

    def _after(self, outcome: Outcome, *, is_reset: bool) -> None:
        self._handed_over += 1
        if self._smtp is None or outcome.verdict is Verdict.ACCEPTED:
            return
        if outcome.code == 421 or outcome.verdict is Verdict.IN_DOUBT:
            self._drop()
            return
        if is_reset:
            # After the final dot no envelope is left, whatever the answer (RFC 5321 4.1.1.4).
            return
        try:
            self._wait_up_to(_COMMAND_SECONDS)
            code, _ = self._smtp.rset()
        except _BROKEN:
            code = -1
        if not 200 <= code <= 299:
            self._drop()

    def _wait_up_to(self, seconds: float, smtp: smtplib.SMTP | None = None) -> None:
        smtp = smtp or self._smtp
        if smtp is not None and smtp.sock is not None:
            smtp.sock.settimeout(seconds * self._timeouts)

    def _drop(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None


class _BrokenBeforeDot(Exception):
    """The connection broke while the server had nothing to deliver yet."""

    def __init__(self, error: BaseException, *, is_first_command: bool = False) -> None:
        super().__init__(str(error))
        self.outcome = deferred(f"The connection broke: {_why(error)}")
        self.is_first_command = is_first_command


def _command(smtp: smtplib.SMTP, command: str) -> tuple[int, bytes]:
    smtp.sock.sendall(command.encode() + b"\r\n")  # type: ignore[union-attr]
    return smtp.getreply()


def _greet(smtp: smtplib.SMTP) -> None:
    code, words = smtp.ehlo()
    if code == 250:
        return
    if code in (500, 502, 504):
        code, words = smtp.helo()
        if code == 250:
            return
    raise Refused(_at_the_door(code, words))


def _at_the_door(code: int, words: bytes | str) -> Outcome:
    if code == -1:
        return deferred("The server does not speak SMTP.")
    if not 400 <= code <= 599:
        return deferred(f"The server answered out of step: {_said(code, words)}")
    return read_reply(code, _text(words), stage=Stage.CONNECT)


def _said(code: int, words: bytes) -> str:
    return f"{code} {_text(words)}"


def _text(words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return " ".join(text.split())


def _why(error: BaseException) -> str:
    # smtplib calls it a disconnection when the socket's time is over.
    if isinstance(error, TimeoutError) or "timed out" in str(error):
        return "it did not answer in time"
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "the server closed it"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
