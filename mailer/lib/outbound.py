"""Asking web addresses that somebody typed, without being led into our own network.

Whoever can type an address here could otherwise read what only this machine can reach:
a cloud's metadata, a database, the broker (server-side request forgery). So a name is
resolved once, every address that it has must be public, and the connection goes to the
address that was looked at; each redirect is looked at anew. Answers are short and soon,
or not at all.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from mailer.errors import Invalid

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], list[str]]

_PORTS: Final = {"http": 80, "https": 443}
#: Others are where databases and brokers listen.
_ALLOWED_PORTS: Final = frozenset({80, 443, 8080, 8443})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_LONGEST_URL: Final = 4_000
_LONGEST_PIECE: Final = 64 * 1024
#: RFC 6052: an IPv4 address behind a translator.
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
_USUAL_HEADERS: Final = {"User-Agent": "Mailer (looks whether the links of a mail answer)", "Accept": "*/*"}


class NotAsked(Invalid):
    """The address must not be asked."""


class NoAnswer(Invalid):
    """The address was asked, and no answer came that could be read."""


@dataclass(frozen=True)
class Answer:
    """What an address answered.

    :param url: where the last redirect led
    :param headers: by their names in lower case
    :param body: no more of it than was asked for
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes = b""


def is_public(address: Address) -> bool:
    """Whether an address is in the public internet, in whichever spelling."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if address.teredo:
            return False
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast


def anywhere(address: Address) -> bool:
    """Whether an address may be asked where the owner of this machine said that all may."""
    return True


def check_url(url: str) -> None:
    """Look whether an address could be asked, without asking it.

    :raises NotAsked: with what is wrong
    """
    _parts(url)


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host as the system knows them.

    :raises NoAnswer: it has none
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NoAnswer(f"There is no host {host}.") from None
    return list(dict.fromkeys(str(one[4][0]).partition("%")[0] for one in found))


class Outbound:
    """Asks addresses, each within a time and a size.

    :param seconds: that a whole asking may take, redirects included
    :param most_bytes: of the body that are read
    :param permits: which addresses may be asked; tests let this machine's own in
    :param ports: on which ports; none for all
    """

    def __init__(
        self,
        *,
        seconds: float = 10.0,
        most_bytes: int = 0,
        redirects: int = 5,
        permits: Callable[[Address], bool] = is_public,
        resolve: Resolve = resolve,
        ports: frozenset[int] | None = _ALLOWED_PORTS,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._seconds, self._most_bytes, self._redirects = seconds, most_bytes, redirects
        self._permits, self._resolve, self._ports = permits, resolve, ports
        self._context = context

    def ask(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] = _USUAL_HEADERS,
        body: bytes | None = None,
    ) -> Answer:
        """Return what an address answers, after its redirects.

        :param headers: in the place of the usual ones
        :raises NotAsked: it, or where it redirects to, must not be asked
        :raises NoAnswer: nothing came that could be read, or too late
        """
        deadline = time.monotonic() + self._seconds
        for _ in range(self._redirects + 1):
            answer = self._ask_once(url, method, deadline, headers, body)
            location = answer.headers.get("location")
            if answer.status not in _REDIRECTS or not location:
                return answer
            url = urljoin(url, location)
        raise NoAnswer(
            f"It redirects more than {self._redirects} times." if self._redirects else "It redirects."
        )

    def _ask_once(
        self, url: str, method: str, deadline: float, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        scheme, host, port, target = _parts(url)
        if self._ports is not None and port not in self._ports:
            raise NotAsked(f"Port {port} is not one that web pages are on.")
        address = self._checked(host, port)
        with _until(deadline) as (remaining, watch):
            connection: http.client.HTTPConnection
            if scheme == "https":
                context = self._context or ssl.create_default_context()
                connection = _PinnedTls(host, port, address, timeout=remaining, context=context)
            else:
                connection = _Pinned(host, port, address, timeout=remaining)
            try:
                connection.connect()
                watch(connection.sock)
                connection.request(method, target, body=body, headers=dict(headers))
                response = connection.getresponse()
                answered = {name.lower(): value for name, value in response.getheaders()}
                return Answer(url, response.status, answered, self._body(response))
            except (OSError, http.client.HTTPException, ValueError) as error:
                raise NoAnswer(_reason(error)) from None
            finally:
                connection.close()

    def _checked(self, host: str, port: int) -> str:
        """Return one address of a host, when all that it has may be asked."""
        addresses = self._resolve(host, port)
        if not addresses:
            raise NoAnswer(f"There is no host {host}.")
        for text in addresses:
            if not self._permits(ipaddress.ip_address(text)):
                raise NotAsked(f"{host} is not in the public internet.")
        return addresses[0]

    def _body(self, response: http.client.HTTPResponse) -> bytes:
        pieces: list[bytes] = []
        left = self._most_bytes
        while left > 0 and (piece := response.read(min(left, _LONGEST_PIECE))):
            pieces.append(piece)
            left -= len(piece)
        return b"".join(pieces)


def _parts(url: str) -> tuple[str, str, int, str]:
    """Return scheme, host, port and target of an address that looks right."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        raise NotAsked("It is no address.") from None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise NotAsked("Only http: and https: can be asked.")
    if parts.username is not None or parts.password is not None:
        raise NotAsked("There is a name or a password in it.")
    if len(url) > _LONGEST_URL or any(ord(one) < 0x21 or ord(one) == 0x7F for one in url):
        raise NotAsked("It is no address.")
    try:
        host = parts.hostname.encode("idna").decode() if not parts.hostname.isascii() else parts.hostname
    except UnicodeError:
        raise NotAsked("Its host is no name.") from None
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not target.isascii():
        target = "".join(one if one.isascii() else _percent(one) for one in target)
    return parts.scheme, host, port, target


def _percent(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "replace"))


@contextmanager
def _until(deadline: float) -> Iterator[tuple[float, Callable[[Any], None]]]:
    """End a conversation at its deadline, also one that trickles on byte by byte."""
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        raise NoAnswer("It took too long to answer.")
    watched: list[socket.socket] = []

    def end() -> None:
        for one in watched:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(remaining, end)
    timer.daemon = True
    timer.start()
    try:
        yield remaining, watched.append
    finally:
        timer.cancel()


class _Pinned(http.client.HTTPConnection):
    """Connects to the address that was looked at, whatever the name says by then."""

    def __init__(self, host: str, port: int, address: str, *, timeout: float) -> None:
        super().__init__(host, port, timeout=timeout)
        self._address = address

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), self.timeout)


class _PinnedTls(http.client.HTTPSConnection):
    """The same over TLS, whose certificate is still that of the name."""

    def __init__(
        self, host: str, port: int, address: str, *, timeout: float, context: ssl.SSLContext
    ) -> None:
        super().__init__(host, port, timeout=timeout, context=context)
        self._address, self._tls = address, context

    def connect(self) -> None:
        plain = socket.create_connection((self._address, self.port), self.timeout)
        try:
            self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"Its certificate is not valid: {error.verify_message}."
    if isinstance(error, ssl.SSLError):
        return "It does not speak TLS as it should."
    if isinstance(error, TimeoutError):
        return "It took too long to answer."
    if isinstance(error, ConnectionRefusedError):
        return "Nothing listens there."
    return "It did not answer."
