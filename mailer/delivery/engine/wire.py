"""Bytes to and from a server without ever waiting, in clear text or encrypted."""

import errno
import os
import socket
import ssl
from collections import deque
from typing import Any, Final

_CHUNK: Final = 16_384
_IN_PROGRESS: Final = frozenset({0, errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EALREADY})

#: As ``getaddrinfo`` gives it: the family and the address.
Address = tuple[socket.AddressFamily, Any]


def reach(addresses: list[Address]) -> "Wire":
    """Begin to connect to the first address that can be tried, and strike out those up to it.

    :raises OSError: none can
    """
    reason = OSError(errno.EADDRNOTAVAIL, "it has no address")
    while addresses:
        try:
            return Wire(addresses.pop(0))
        except OSError as error:
            reason = error
    raise reason


class Wire:
    """One socket. What the kernel does not take at once is kept, and written when it can be.

    :ivar unsent: bytes that the kernel has not taken over yet
    """

    __slots__ = ("_coming", "_going", "_kept", "_socket", "_tail", "_tls", "fileno", "unsent")

    def __init__(self, address: Address) -> None:
        family, place = address
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.setblocking(False)
        # Or a short command waits 40 ms for the acknowledgement of the one before it (Nagle).
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.fileno = self._socket.fileno()
        self.unsent = 0
        self._tail = 0
        self._kept: deque[memoryview] = deque()
        self._tls: ssl.SSLObject | None = None
        self._coming = ssl.MemoryBIO()
        self._going = ssl.MemoryBIO()
        code = self._socket.connect_ex(place)
        if code not in _IN_PROGRESS:
            self._socket.close()
            raise OSError(code, os.strerror(code))

    @property
    def is_encrypted(self) -> bool:
        """Whether nobody between us and the server can read along."""
        return self._tls is not None

    def check_connected(self) -> None:
        """Return once the connection stands.

        :raises OSError: it does not
        """
        code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise OSError(code, os.strerror(code))

    def read(self) -> bytes | None:
        """Return what came: empty when the server has closed, None when there is nothing to read yet.

        :raises OSError: the connection broke
        """
        try:
            data = self._socket.recv(_CHUNK)
        except BlockingIOError:
            return None
        return data if self._tls is None else self._decrypt(data)

    def write(self, body: bytes, tail: bytes) -> None:
        """Send both; ``has_tail_begun`` tells from then on how far they came.

        :raises OSError: the connection broke
        """
        if self._tls is not None:
            # In records of their own, so that it is known which of the two left us.
            self._tail = 0
            body, tail = self._encrypt(body), self._encrypt(tail)
        size = len(body) + len(tail)
        self._tail = len(tail)
        taken = 0
        if not self._kept:
            try:
                # Whatever interrupts us after it has left the tail counted as begun.
                taken = self._socket.sendmsg((body, tail))
            except BlockingIOError:
                taken = 0
            except OSError:
                self.unsent += size
                raise
        if taken < size:
            self.unsent += size - taken
            self._keep(body, tail, taken)

    @property
    def has_tail_begun(self) -> bool:
        """Whether the kernel took over the first byte of the tail that was written last."""
        return self.unsent < self._tail

    def flush(self) -> None:
        """Send more of what is kept.

        :raises OSError: the connection broke
        """
        try:
            while self._kept:
                taken = self._socket.send(self._kept[0])
                self.unsent -= taken
                if taken == len(self._kept[0]):
                    self._kept.popleft()
                else:
                    self._kept[0] = self._kept[0][taken:]
        except BlockingIOError:
            return

    def begin_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Begin to encrypt; ``shake_hands`` until it returns True."""
        self._tls = context.wrap_bio(self._coming, self._going, server_hostname=host)

    def shake_hands(self) -> bool:
        """Go on with the handshake; return whether it is done.

        :raises ssl.SSLError: it failed
        :raises OSError: the connection broke
        """
        assert self._tls is not None
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        finally:
            self._send_what_tls_says()
        return True

    def receive(self) -> bool:
        """Take in what came during a handshake; return False when the server has closed.

        :raises OSError: the connection broke
        """
        try:
            data = self._socket.recv(_CHUNK)
        except BlockingIOError:
            return True
        self._coming.write(data)
        return bool(data)

    def close(self) -> None:
        """Hang up."""
        self._kept.clear()
        self._socket.close()

    def _keep(self, body: bytes, tail: bytes, taken: int) -> None:
        for part in (body, tail):
            if taken < len(part):
                self._kept.append(memoryview(part)[taken:])
            taken = max(0, taken - len(part))

    def _encrypt(self, data: bytes) -> bytes:
        assert self._tls is not None
        if data:
            self._tls.write(data)
        return self._going.read()

    def _decrypt(self, data: bytes) -> bytes | None:
        assert self._tls is not None
        if not data:
            return b""
        self._coming.write(data)
        clear = []
        try:
            while True:
                piece = self._tls.read(_CHUNK)
                if not piece:
                    break
                clear.append(piece)
        except ssl.SSLWantReadError:
            self._send_what_tls_says()
            return b"".join(clear) or None
        except ssl.SSLZeroReturnError:
            pass
        # The server said that it ends the encrypted line; what it said before still counts.
        return b"".join(clear)

    def _send_what_tls_says(self) -> None:
        """Send what TLS itself has to say, such as its part of a handshake or a new key."""
        data = self._going.read()
        if not data:
            return
        # It comes after the tail: the tail's first byte is further from the end by as much.
        self._tail += len(data)
        self.unsent += len(data)
        self._kept.append(memoryview(data))
        self.flush()
