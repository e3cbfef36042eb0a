"""A program that is told what happens: a small HTTP server that can be out of order."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support.serving import serving


class Receiver:
    """Notes each call, and answers as it is told to.

    :ivar status: what is answered from now on
    :ivar statuses: answered before that, one by one
    """

    def __init__(self) -> None:
        self.status = 204
        self.statuses: list[int] = []
        self.headers: dict[str, str] = {}
        self.calls: list[tuple[dict[str, str], bytes]] = []
        self.url = ""

    @property
    def told(self) -> list[str]:
        """The names of the events in the order in which they came."""
        return [json.loads(body)["type"] for _, body in self.calls]

    @property
    def ids(self) -> list[str]:
        """The ids of the events in the order in which they came."""
        return [headers["webhook-id"] for headers, _ in self.calls]

    def answer(self) -> int:
        """Return what the next call is answered."""
        return self.statuses.pop(0) if self.statuses else self.status


@contextmanager
def listening() -> Iterator[Receiver]:
    """Listen on this machine."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.calls.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(receiver.answer())
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hooks"
    with serving(server):
        yield receiver
