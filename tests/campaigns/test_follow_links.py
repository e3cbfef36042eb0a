import ipaddress
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mailer.campaigns.follow_links import follow_links
from mailer.campaigns.preflight import preflight
from mailer.jobs import FOLLOW_LINKS
from mailer.lib.clock import utcnow
from mailer.lib.outbound import Outbound, is_public
from mailer.rendering.checks.findings import Severity
from tests import factories
from tests.support.serving import serving


class _Site(BaseHTTPRequestHandler):
    asked: list[str] = []
    answers = {"/gone": (404, "text/html"), "/broken": (500, "text/html"), "/shy": (403, "text/html")}

    def do_GET(self) -> None:
        self.asked.append(self.path)
        status, kind = self.answers.get(self.path, (200, "image/png" if "png" in self.path else "text/html"))
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", "1500000" if "png" in self.path else "0")
        self.end_headers()

    do_HEAD = do_GET

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    server.daemon_threads = True
    _Site.asked = []
    with serving(server):
        yield f"http://bakery.shop:{server.server_port}"


@pytest.fixture
def letter(workspace):
    bread = factories.mailing_list(workspace)
    factories.subscriber(workspace, on=bread)
    return factories.campaign(workspace, lists=[bread], format="html")


def world(site: str) -> Outbound:
    """One to which bakery.shop is this machine, and everything else is as it is."""
    hosts = {"bakery.shop": ["127.0.0.1"], "inside.shop": ["10.0.0.1"]}
    here = ipaddress.ip_address("127.0.0.1")
    return Outbound(
        resolve=lambda host, _: hosts.get(host, []),
        permits=lambda address: address == here or is_public(address),
        ports=frozenset({80, 443, int(site.rpartition(":")[2])}),
    )


def followed(letter, site, now=None):
    follow_links(letter.id, now=now or utcnow(), outbound=world(site))
    found = preflight(letter, now=utcnow()).findings
    return {one.check: one for one in found if one.check.startswith(("links.", "inbox.heavy"))}


@pytest.mark.parametrize(
    ("body", "check", "severity"),
    [
        ('<a href="{site}/gone">Rye bread</a>', "links.gone", Severity.WARNING),
        ('<a href="{site}/broken">Rye bread</a>', "links.refused", Severity.WARNING),
        ('<a href="{site}/shy">Rye bread</a>', "links.refused", Severity.NOTICE),
        ('<a href="https://nowhere.shop/">Rye bread</a>', "links.no-answer", Severity.WARNING),
        ('<a href="http://inside.shop/">Rye bread</a>', "links.private", Severity.ERROR),
        ('<img src="{site}/page" alt="Rye">', "links.no-picture", Severity.WARNING),
        ('<img src="{site}/a.png" alt="Rye">', "inbox.heavy", Severity.WARNING),
    ],
)
def test_what_a_link_answers_is_found(letter, site, body, check, severity):
    letter.body = body.format(site=site)

    assert followed(letter, site)[check].severity is severity


def test_an_answer_is_believed_for_a_while_and_asked_for_again_later(letter, site):
    letter.body = f'<a href="{site}/order#top">Rye bread</a> <a href="{site}/order">Rye bread</a>'
    before = preflight(letter, now=utcnow()).unasked

    followed(letter, site)
    followed(letter, site)
    asked_at_first = list(_Site.asked)
    followed(letter, site, now=utcnow() + timedelta(days=2))

    assert before == 1
    assert asked_at_first == ["/order"]
    assert _Site.asked == ["/order", "/order"]
    assert preflight(letter, now=utcnow()).unasked == 0


def test_our_own_links_and_places_that_are_nowhere_are_never_asked(letter, site):
    letter.body = (
        '<a href="{{ unsubscribe_url }}">Leave</a> <a href="http://localhost/u/token">Leave</a>'
        '<a href="https://bakery.example/">Bread</a> <a href="mailto:ana@bakery.shop">Write</a>'
    )

    assert preflight(letter, now=datetime(2026, 6, 1, tzinfo=UTC)).unasked == 0


def test_the_panel_lets_a_worker_follow_the_links(sign_in, ben, letter, queued):
    letter.body = '<a href="https://bakery.shop/">Rye bread</a>'
    browser = sign_in(ben)
    page = f"/w/bakery/campaigns/{letter.public_id}"

    panel = browser.get(f"{page}/findings").text
    answer = browser.post(f"{page}/link-checks")

    assert "Following 1 link" in panel
    assert "findings?try=1" in answer.text
    assert queued() == [(FOLLOW_LINKS.name, str(letter.id))]
