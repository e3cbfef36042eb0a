import socketserver
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mailer.lib.spam_filters import FilterSilent, judge
from tests.support.serving import serving

MESSAGE = b"Subject: Fresh bread\r\n\r\nHello\r\n"
REPORT = b"""Spam detection software, running on the system "mx", has identified this as spam.

Content analysis details:   (6.2 points, 5.0 required)

 pts rule name              description
---- ---------------------- --------------------------------------------------
 4.0 SUBJ_ALL_CAPS          Subject is all capitals
-0.0 NO_RELAYS              Informational: message was not relayed via SMTP
-0.1 DKIM_VALID             Message has at least one valid DKIM signature
 2.3 HTML_IMAGE_ONLY_04     BODY: HTML: images with 0-400 bytes of
                            words
"""


class _Spamd(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        asked = self.rfile.read()
        assert asked.startswith(b"REPORT SPAMC/1.5\r\nContent-length: %d\r\n\r\n" % len(MESSAGE))
        assert asked.endswith(MESSAGE)
        self.wfile.write(b"SPAMD/1.1 0 EX_OK\r\nSpam: True ; 6.2 / 5.0\r\n\r\n" + REPORT)


class _Rspamd(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert self.rfile.read(int(self.headers["Content-Length"])) == MESSAGE
        self.send_response(200)
        self.end_headers()
        self.wfile.write(
            b'{"score": 1.5, "required_score": 15.0, "symbols":'
            b' {"R_PARTS_DIFFER": {"score": 0.5, "description": "Parts differ"}, "MANY": {"score": 1.0}}}'
        )

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def listening(request) -> Iterator[int]:
    kind, handler = request.param
    server = kind(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    with serving(server):
        yield server.server_address[1]


@pytest.mark.parametrize("listening", [(socketserver.ThreadingTCPServer, _Spamd)], indirect=True)
def test_spamassassin_says_by_rule_what_it_thinks(listening):
    verdict = judge(f"spamd://127.0.0.1:{listening}", MESSAGE)

    assert (verdict.score, verdict.threshold, verdict.is_spam) == (6.2, 5.0, True)
    assert [(rule.name, rule.points) for rule in verdict.rules] == [
        ("SUBJ_ALL_CAPS", 4.0),
        ("HTML_IMAGE_ONLY_04", 2.3),
        ("DKIM_VALID", -0.1),
    ]
    assert verdict.rules[1].words == "BODY: HTML: images with 0-400 bytes of words"


@pytest.mark.parametrize("listening", [(ThreadingHTTPServer, _Rspamd)], indirect=True)
def test_rspamd_says_by_rule_what_it_thinks(listening):
    verdict = judge(f"http://127.0.0.1:{listening}", MESSAGE)

    assert (verdict.filter, verdict.score, verdict.is_spam) == ("rspamd", 1.5, False)
    assert [rule.name for rule in verdict.rules] == ["MANY", "R_PARTS_DIFFER"]


@pytest.mark.parametrize("listening", [(ThreadingHTTPServer, _Rspamd)], indirect=True)
def test_who_does_not_speak_the_protocol_has_no_verdict(listening):
    with pytest.raises(FilterSilent):
        judge(f"spamd://127.0.0.1:{listening}", MESSAGE, seconds=5)
