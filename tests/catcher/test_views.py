"""The inbox page."""

from datetime import UTC, datetime

import pytest

from mailer import current
from mailer.catcher.store import Store

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SOURCE = (
    b"From: Ana <ana@example.com>\r\nTo: ben@example.com\r\nSubject: Sunday loaf\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/alternative; boundary="b"\r\n\r\n'
    b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nOrder at https://bakery.example/order\r\n"
    b"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    b'<p>Fresh</p><script>alert(1)</script><img src="http://localhost/o/x.gif">\r\n--b--\r\n'
)


@pytest.fixture
def caught(app) -> int:
    store = Store(current.settings().data_dir)
    store.delete_all()
    return store.add("ana@example.com", ["ben@example.com"], SOURCE, now=NOON)


def test_an_admin_finds_what_was_sent(ana, sign_in, caught):
    page = sign_in(ana).get("/w/bakery/inbox?q=loaf").text

    assert "Sunday loaf" in page
    assert "ben@example.com" in page


def test_what_does_not_match_is_not_listed(ana, sign_in, caught):
    page = sign_in(ana).get("/w/bakery/inbox?q=croissant").text

    assert "Sunday loaf" not in page
    assert "Nothing found" in page


def test_an_editor_is_kept_out_since_the_mails_hold_links_that_sign_people_in(ben, sign_in, caught):
    assert sign_in(ben).get("/w/bakery/inbox").status_code == 403
    assert sign_in(ben).get(f"/w/bakery/inbox/{caught}/html").status_code == 403


def test_a_mail_is_shown_in_all_its_parts(ana, sign_in, caught):
    page = sign_in(ana).get(f"/w/bakery/inbox/{caught}").text

    assert "Order at" in page
    assert 'href="https://bakery.example/order"' in page
    assert "multipart/alternative" in page
    assert "<script>alert(1)" not in page


def test_a_mails_html_runs_nothing(ana, sign_in, caught):
    answer = sign_in(ana).get(f"/w/bakery/inbox/{caught}/html")

    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-popups")
    assert "allow-scripts" not in policy
    assert "default-src 'none'" in policy
    assert "img-src http: https:" in policy


def test_a_mail_that_made_room_is_not_found(ana, sign_in, caught):
    assert sign_in(ana).get(f"/w/bakery/inbox/{caught + 1}").status_code == 404


def test_an_admin_throws_all_away(ana, sign_in, caught):
    answer = sign_in(ana).post("/w/bakery/inbox/empty")

    assert answer.status_code == 302
    assert Store(current.settings().data_dir).count() == 0
