"""Messages by SMTP: a real client, a real server."""

import asyncio
import smtplib
import threading
from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from sqlalchemy import select

from mailer.accounts.keys import create_key
from mailer.consent.models import SuppressionReason
from mailer.consent.suppress import suppress
from mailer.db import db
from mailer.delivery.models import Delivery
from mailer.transactional.models import TransactionalMessage
from mailer.transactional.submission.server import Submission, listener
from tests.transactional.conftest import read


@pytest.fixture
def port(app) -> Iterator[int]:
    """Where the server takes messages."""
    loop = asyncio.new_event_loop()
    submission = Submission(app)
    server = loop.run_until_complete(
        loop.create_server(lambda: listener(submission, loop, None), "127.0.0.1", 0)
    )
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield server.sockets[0].getsockname()[1]
    loop.call_soon_threadsafe(server.close)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    submission.threads.shutdown()
    loop.close()


@pytest.fixture
def login(port, workspace):
    """Return a client that signed in with a key of a scope."""
    clients = []

    def go(scope: str = "emails:send") -> smtplib.SMTP:
        _, secret = create_key(workspace.id, name="Shop", scopes=[scope])
        db.session.commit()
        client = smtplib.SMTP("127.0.0.1", port, timeout=30)
        clients.append(client)
        client.login("mailer", secret)
        return client

    yield go
    for client in clients:
        client.close()


def mail(**headers: str) -> EmailMessage:
    made = EmailMessage()
    written = {
        "From": "Ana <ana@bakery.example>",
        "To": "Sam Ö <sam@example.com>",
        "Subject": "Quittung für Sam",
    }
    for name, value in {**written, **headers}.items():
        made[name.replace("_", "-")] = value
    made.set_content("Paid € 4.\n")
    made.add_alternative('<p>Paid <b>€ 4</b>.</p><img src="cid:logo">', subtype="html")
    made.get_payload()[1].add_related(b"\x89PNG", "image", "png", cid="<logo>", filename="logo.png")
    made.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="Rechnung Nº 17.pdf")
    return made


def test_a_mail_is_written_down_before_the_server_says_yes(login, smtp, work_off):
    client = login()

    code, _ = client.docmd("NOOP")
    refused = client.send_message(
        mail(X_Order="17", X_Mailer_Tag="receipt, shop", X_Mailer_Stream="receipts", Cc="ben@example.com"),
        to_addrs=["sam@example.com", "ben@example.com", "blind@example.com"],
    )

    assert (code, refused) == (250, {})
    db.session.rollback()
    entry = db.session.scalars(select(TransactionalMessage)).one()
    assert (entry.source.value, entry.stream) == ("smtp", "receipts")
    assert [tag.name for tag in entry.tags] == ["receipt", "shop"]
    assert (entry.to, entry.cc, entry.bcc) == (
        ["Sam Ö <sam@example.com>"],
        ["ben@example.com"],
        ["blind@example.com"],
    )
    work_off()
    assert len(smtp.received) == 3
    arrived = read(smtp.of("sam@example.com")[0])
    assert (arrived["subject"], arrived["x-order"]) == ("Quittung für Sam", "17")
    assert (arrived["x-mailer-tag"], arrived["bcc"]) == (None, None)
    assert "Paid € 4." in arrived.get_body(("plain",)).get_content()
    files = {part.get_filename(): part for part in arrived.walk() if part.get_filename()}
    assert set(files) == {"logo.png", "Rechnung Nº 17.pdf"}
    assert files["logo.png"]["content-id"] == "<logo>"


@pytest.mark.parametrize(("said", "is_counted"), [("yes", True), ("no", False), ("", False)])
def test_links_are_counted_where_the_head_says_so(login, smtp, work_off, said, is_counted):
    made = EmailMessage()
    for name, value in {"From": "ana@bakery.example", "Subject": "Paid", "X-Mailer-Track": said}.items():
        made[name] = value
    made.set_content('<a href="https://bakery.example/order">Order</a>', subtype="html")

    login().send_message(made, to_addrs=["sam@example.com"])
    work_off()

    html = read(smtp.received[0]).get_body(("html",)).get_content()
    assert ('href="http://localhost/c/' in html) is is_counted
    assert ('href="https://bakery.example/order"' in html) is not is_counted


def test_no_head_brings_what_is_ours_to_say(login, smtp, work_off):
    foreign = {
        "Received": "from elsewhere by there",
        "Return-Path": "<eve@example.com>",
        "DKIM-Signature": "v=1; d=example.com",
        "Authentication-Results": "here; spf=pass",
        "Sender": "eve@example.com",
        "Resent-To": "eve@example.com",
    }
    made = mail(X_Order="17", In_Reply_To="<1@example.com>", **foreign)

    login().send_message(made, from_addr="ana@bakery.example", to_addrs=["sam@example.com"])
    work_off()

    arrived = read(smtp.received[0])
    assert (arrived["x-order"], arrived["in-reply-to"]) == ("17", "<1@example.com>")
    assert not {name: arrived[name] for name in foreign if arrived[name] == foreign[name]}


def test_one_name_makes_one_message(login):
    client = login()
    made = mail(X_Mailer_Idempotency_Key="order-17")

    for _ in range(3):
        client.send_message(made)
    made.replace_header("Subject", "Other")
    with pytest.raises(smtplib.SMTPDataError) as refused:
        client.send_message(made)

    assert refused.value.smtp_code == 550
    assert len(db.session.scalars(select(Delivery)).all()) == 1


@pytest.mark.parametrize(
    ("headers", "to", "code"),
    [
        ({}, "gone@example.com", b"5.7.1"),
        ({"X_Mailer_Template": "unknown"}, "sam@example.com", b"5.6.0"),
        ({"X_Mailer_Variables": "{"}, "sam@example.com", b"5.6.0"),
        ({"X_Mailer_Stream": "No Stream"}, "sam@example.com", b"5.6.0"),
    ],
)
def test_what_cannot_be_sent_is_refused_with_its_reason(login, workspace, headers, to, code):
    suppress(workspace.id, "gone@example.com", SuppressionReason.HARD_BOUNCE)
    client = login()

    with pytest.raises(smtplib.SMTPDataError) as refused:
        client.send_message(mail(**headers), to_addrs=[to])

    assert refused.value.smtp_code == 550
    assert refused.value.smtp_error.startswith(code)


def test_nobody_comes_in_without_a_key_that_may_send(port, login):
    with smtplib.SMTP("127.0.0.1", port, timeout=30) as client:
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login("mailer", "mlr_wrong")
        client.ehlo()
        assert client.mail("ana@bakery.example")[0] == 530
    with pytest.raises(smtplib.SMTPAuthenticationError):
        login("*:read")
