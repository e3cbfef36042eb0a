"""Reading a mailbox by IMAP or POP3, and letting go of what was read."""

import imaplib
import poplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final, Protocol

_TIMEOUT_SECONDS: Final = 20
_LARGEST_BYTES: Final = 5_000_000
#: Read at a time; the rest is there a minute later.
_MOST_MAILS: Final = 200


@dataclass(frozen=True)
class Account:
    """How a mailbox is reached.

    :param protocol: ``imap`` or ``pop3``
    :param encryption: ``tls``, ``starttls`` or ``off``
    """

    protocol: str
    encryption: str
    host: str
    port: int
    user: str
    password: str
    folder: str = "INBOX"


class Mailbox(Protocol):
    """An open mailbox."""

    def waiting(self) -> list[str]:
        """Return the names of mails that nobody has read here."""

    def fetch(self, name: str) -> bytes:
        """Return one of them."""

    def let_go(self, name: str, *, remove: bool) -> None:
        """Remove a mail, or mark it as read."""


class CannotRead(Exception):
    """The mailbox does not let us in, or does not answer as it should."""


@contextmanager
def opened(account: Account) -> Iterator[Mailbox]:
    """Open a mailbox for as long as it is read.

    :raises CannotRead: with the server's words
    """
    try:
        box = _Imap(account) if account.protocol == "imap" else _Pop3(account)
    except (OSError, imaplib.IMAP4.error, poplib.error_proto) as error:
        raise CannotRead(_words(error)) from None
    try:
        yield box
    except (OSError, imaplib.IMAP4.error, poplib.error_proto) as error:
        raise CannotRead(_words(error)) from None
    finally:
        box.close()


class _Imap:
    def __init__(self, account: Account) -> None:
        context = ssl.create_default_context()
        if account.encryption == "tls":
            self._server: imaplib.IMAP4 = imaplib.IMAP4_SSL(
                account.host, account.port, ssl_context=context, timeout=_TIMEOUT_SECONDS
            )
        else:
            self._server = imaplib.IMAP4(account.host, account.port, timeout=_TIMEOUT_SECONDS)
            if account.encryption == "starttls":
                self._server.starttls(context)
        self._server.login(account.user, account.password)
        folder = '"' + account.folder.replace("\\", "\\\\").replace('"', '\\"') + '"'
        kind, words = self._server.select(folder)
        if kind != "OK":
            raise imaplib.IMAP4.error(f"There is no folder “{account.folder}”: {_first(words)}")

    def waiting(self) -> list[str]:
        _, found = self._server.uid("SEARCH", "UNSEEN", "UNDELETED")
        return _first(found).split()[:_MOST_MAILS]

    def fetch(self, name: str) -> bytes:
        # Its first part is enough, and PEEK leaves it unread until we let go of it.
        _, found = self._server.uid("FETCH", name, f"(BODY.PEEK[]<0.{_LARGEST_BYTES}>)")
        return next((part[1] for part in found if isinstance(part, tuple)), b"")

    def let_go(self, name: str, *, remove: bool) -> None:
        self._server.uid("STORE", name, "+FLAGS", r"(\Deleted \Seen)" if remove else r"(\Seen)")

    def close(self) -> None:
        with suppress(OSError, imaplib.IMAP4.error):
            if self._server.state == "SELECTED":
                self._server.close()  # which also expunges
            self._server.logout()


class _Pop3:
    def __init__(self, account: Account) -> None:
        context = ssl.create_default_context()
        if account.encryption == "tls":
            self._server: poplib.POP3 = poplib.POP3_SSL(
                account.host, account.port, timeout=_TIMEOUT_SECONDS, context=context
            )
        else:
            self._server = poplib.POP3(account.host, account.port, timeout=_TIMEOUT_SECONDS)
            if account.encryption == "starttls":
                self._server.stls(context)
        self._server.user(account.user)
        self._server.pass_(account.password)

    def waiting(self) -> list[str]:
        _, sizes, _ = self._server.list()
        numbers = [line.split() for line in sizes]
        small = [number.decode() for number, size in numbers if int(size) <= _LARGEST_BYTES]
        # The newest: where nothing is removed, the oldest are long known.
        return small[-_MOST_MAILS:]

    def fetch(self, name: str) -> bytes:
        _, lines, _ = self._server.retr(int(name))
        return b"\r\n".join(lines) + b"\r\n"

    def let_go(self, name: str, *, remove: bool) -> None:
        # POP3 knows no “read”: without removing, the same mails come again, and are known by then.
        if remove:
            self._server.dele(int(name))

    def close(self) -> None:
        with suppress(OSError, poplib.error_proto):
            self._server.quit()


def _first(found: object) -> str:
    value = found[0] if isinstance(found, list) and found else b""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")


def _words(error: Exception) -> str:
    value = error.args[0] if error.args else error
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(error)
    return " ".join(text.split())[:400] or type(error).__name__
