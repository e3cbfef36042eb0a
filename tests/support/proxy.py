"""A line to PostgreSQL that can be cut, or swallow what is said on it."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

_SOCKET: Final = ".s.PGSQL.5432"
_CHUNK: Final = 65_536


class Line:
    """Passes on what both ends say, until it is told otherwise.

    :param server: the folder of the server's socket
    :param home: the folder of the socket that the line is reached at
    """

    def __init__(self, server: Path, home: Path) -> None:
        self._server, self._at = server / _SOCKET, home / _SOCKET
        self._loop = asyncio.new_event_loop()
        self._listener: Any = None
        self._calls: set[Any] = set()
        self._is_swallowing = False

    def cut(self) -> None:
        """Refuse who calls, and hang up on who has called, as without a server."""
        self._do(self._close())

    def swallow(self) -> None:
        """Take calls and what is said, and pass nothing on, as a server that was stopped."""
        self._is_swallowing = True

    def mend(self) -> None:
        """Pass on what is said from now on."""
        self._is_swallowing = False
        self._do(self._open())

    def run(self) -> None:
        """Carry what is said until :meth:`end`."""
        self._loop.run_forever()
        self._loop.close()

    def end(self) -> None:
        """Close it for good."""
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _do(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _open(self) -> None:
        if self._listener is None:
            self._listener = await asyncio.start_unix_server(self._connect, self._at)

    async def _close(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None
            self._at.unlink(missing_ok=True)
        calls = list(self._calls)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        call = asyncio.current_task()
        self._calls.add(call)
        upstream, down = await asyncio.open_unix_connection(self._server)
        try:
            await asyncio.gather(self._carry(reader, down), self._carry(upstream, writer))
        finally:
            self._calls.discard(call)
            for stream in (writer, down):
                stream.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while said := await reader.read(_CHUNK):
                if not self._is_swallowing:
                    writer.write(said)
                    await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()


@contextmanager
def line_to(server: Path, home: Path) -> Iterator[Line]:
    """Lay a line to a server for the length of the block."""
    line = Line(server, home)
    thread = threading.Thread(target=line.run, daemon=True)
    thread.start()
    line.mend()
    try:
        yield line
    finally:
        line.end()
        thread.join(10)
