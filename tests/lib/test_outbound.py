import ipaddress
import socket
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mailer.lib.outbound import NoAnswer, NotAsked, Outbound, is_public, resolve
from tests.support.serving import serving


class _Pages(BaseHTTPRequestHandler):
    asked: list[tuple[str, str, str]] = []

    def do_GET(self) -> None:
        self.asked.append((self.command, self.path, self.headers["Host"]))
        if self.path.startswith("/to?"):
            self.send_response(302)
            self.send_header("Location", self.path[4:])
            self.end_headers()
        elif self.path == "/trickle":
            try:
                while True:
                    self.wfile.write(b"H")
                    time.sleep(0.05)
            except OSError:
                return
        elif self.path == "/large":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"x" * 100_000)
        else:
            self.send_response(404 if self.path == "/gone" else 200)
            self.send_header("Content-Length", "5")
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(b"bread")

    do_HEAD = do_GET

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Pages)
    server.daemon_threads = True
    _Pages.asked = []
    with serving(server):
        yield server.server_port


def outbound(port: int, **options) -> Outbound:
    """One to which “bakery.example” is this machine and public."""
    hosts = {
        "bakery.example": ["127.0.0.1"],
        "inside.example": ["10.0.0.1"],
        "both.example": ["127.0.0.1", "::1"],
    }
    return Outbound(
        resolve=lambda host, _: hosts.get(host) or resolve(host, port),
        permits=lambda address: address == ipaddress.ip_address("127.0.0.1"),
        ports=frozenset({port, 80, 443}),
        **options,
    )


def test_an_address_is_asked_by_its_name_at_the_address_that_was_looked_at(port):
    answer = outbound(port, most_bytes=3).ask(f"http://bakery.example:{port}/order?a=1#top")

    assert (answer.status, answer.body) == (200, b"bre")
    assert _Pages.asked == [("GET", "/order?a=1", f"bakery.example:{port}")]


def test_redirects_are_followed_and_each_is_looked_at(port):
    ask = outbound(port).ask
    here = f"http://bakery.example:{port}"

    assert ask(f"{here}/to?/gone", method="HEAD").status == 404
    for inside in (
        "http://inside.example/",
        "http://127.0.0.2/",
        "file:///etc/passwd",
        "gopher://bakery.example/",
    ):
        with pytest.raises(NotAsked):
            ask(f"{here}/to?{inside}")
    with pytest.raises(NoAnswer, match="redirects"):
        ask(f"{here}/to?/to?/to?/to?/to?/to?/to?/")


def test_every_address_of_a_name_has_to_be_public(port):
    with pytest.raises(NotAsked):
        outbound(port).ask(f"http://both.example:{port}/")


def test_a_name_that_changes_its_mind_leads_where_it_was_looked_at(port):
    answers = iter([["127.0.0.1"], ["10.0.0.1"], ["127.0.0.1"]])
    asked = []

    def change_mind(host: str, _: int) -> list[str]:
        asked.append(host)
        return next(answers)

    ask = Outbound(
        resolve=change_mind,
        permits=lambda address: address == ipaddress.ip_address("127.0.0.1"),
        ports=frozenset({port}),
    ).ask

    assert ask(f"http://rebinding.example:{port}/").status == 200
    assert asked == ["rebinding.example"]
    with pytest.raises(NotAsked):
        ask(f"http://rebinding.example:{port}/")
    assert len(_Pages.asked) == 1


def test_what_trickles_on_ends_at_the_deadline(port):
    with pytest.raises(NoAnswer):
        outbound(port, seconds=0.5).ask(f"http://bakery.example:{port}/trickle")


def test_no_more_is_read_than_was_asked_for(port):
    assert len(outbound(port, most_bytes=1_000).ask(f"http://bakery.example:{port}/large").body) == 1_000


def test_where_nothing_listens_there_is_no_answer():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(NoAnswer):
        outbound(port).ask(f"http://bakery.example:{port}/")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://0.0.0.0/",
        "http://localhost/",
        "http://[::1]/",
        "http://[::]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:a9fe:a9fe]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://[fe80::1]/",
        "http://[fc00::1]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.1.2.3/",
        "http://172.16.0.1/",
        "http://192.168.1.1/",
        "http://100.64.0.1/",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
        "http://93.184.216.34:6379/",
        "http://user:secret@93.184.216.34/",
        "ftp://93.184.216.34/",
        "file:///etc/passwd",
        "//93.184.216.34/",
        "http:///",
        "http://93.184.216.34/\r\nX: y",
        "http://[::1",
        "http://93.184.216.34:port/",
    ],
)
def test_our_own_network_is_never_asked_in_whichever_spelling(url):
    with pytest.raises(NotAsked):
        Outbound().ask(url)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34"])
def test_the_public_internet_is_public(address):
    assert is_public(ipaddress.ip_address(address))
