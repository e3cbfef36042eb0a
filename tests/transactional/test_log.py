"""The log as people see it, and how it is forgotten."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from mailer.accounts.models import Workspace
from mailer.composing.save_template import create_template
from mailer.consent.models import StreamSuppression, SuppressionReason
from mailer.consent.suppress import close_stream, lift_suppression, suppress
from mailer.db import db
from mailer.delivery.models import Attachment, Delivery, Message
from mailer.lib.clock import utcnow
from mailer.lib.ids import public_id
from mailer.transactional.enclose import enclose
from mailer.transactional.letter import Letter, Mailbox
from mailer.transactional.models import Source, TransactionalMessage
from mailer.transactional.redact import keep_for, redact_messages
from mailer.transactional.send import send
from tests.support.smtp import Sink

LOG = "/w/bakery/transactional"


@pytest.fixture
def sent(workspace: Workspace):
    """Write a receipt down for sending; return its id as people see it."""

    def go(to: str = "sam@example.com", **values) -> str:
        letter = Letter(
            to=[Mailbox("Sam", to)],
            sender=Mailbox("Ana", "ana@bakery.example"),
            **{"subject": "Receipt", "html": "<p>Paid <b>€ 4</b></p>", **values},
        )
        made = public_id("msg", send(workspace, letter, source=Source.API, now=utcnow()))
        db.session.commit()
        return made

    return go


def test_the_log_is_searched_by_address_tag_id_and_template(sign_in, ana, sent, workspace):
    template = create_template(workspace.id, name="Order", html="<body>{{ content }}</body>")
    first = sent(tags=["receipt"])
    second = sent("ben@example.com", template=template.public_id)
    browser = sign_in(ana)

    def found(q: str) -> tuple[bool, bool]:
        page = browser.get(LOG, query_string={"q": q}).text
        return f"{LOG}/{first}" in page, f"{LOG}/{second}" in page

    assert found("") == (True, True)
    assert found("sam@example.com") == found("receipt") == found(first) == (True, False)
    assert found("Order") == found(template.public_id) == (False, True)
    assert found("nothing") == (False, False)


def test_a_message_shows_its_words_and_every_try_and_is_sent_again(sign_in, ana, sent, smtp: Sink, work_off):
    smtp.script = lambda stage, recipient: "451 4.7.1 come back later" if stage == "dot" else None
    first = sent(attachments=[enclose(b"%PDF", name="a.pdf")], is_tracked=True)
    work_off()
    browser = sign_in(ana)

    page = browser.get(f"{LOG}/{first}").text
    frame = browser.get(f"{LOG}/{first}/html")
    again = browser.post(f"{LOG}/{first}/send-again")

    assert "451 4.7.1 come back later" in page
    assert "a.pdf" in page
    assert "<b>€ 4</b>" in frame.text
    assert "sandbox" in frame.headers["Content-Security-Policy"]
    assert again.location != f"{LOG}/{first}"
    assert "a.pdf" in browser.get(again.location).text


def test_a_message_that_waits_is_taken_back(sign_in, ana, sent):
    waiting = sent(scheduled_at=utcnow() + timedelta(hours=1))

    page = sign_in(ana).post(f"{LOG}/{waiting}/cancel", follow_redirects=True).text

    assert "Cancelled" in page


def test_words_are_forgotten_first_and_entries_later(sign_in, ana, sent, workspace, smtp, work_off):
    message_id = sent(attachments=[enclose(b"%PDF", name="a.pdf")])
    waiting = sent("ben@example.com", scheduled_at=utcnow() + timedelta(days=29))
    work_off()
    keep_for(workspace.id, content_days=7, entry_days=20)

    redact_messages(now=utcnow() + timedelta(days=8))

    message = db.session.scalars(select(Message).order_by(Message.id)).first()
    assert (message.subject, message.html, message.text) == ("", "", "")
    assert db.session.scalar(select(func.count()).select_from(Attachment)) == 0
    assert "sam@example.com" in sign_in(ana).get(f"{LOG}/{message_id}").text

    redact_messages(now=utcnow() + timedelta(days=21))

    assert [each.public_id for each in db.session.scalars(select(TransactionalMessage))] == [waiting]
    assert db.session.scalars(select(Delivery.email)).all() == ["ben@example.com"]


def test_a_template_tells_programs_how_to_ask_for_it(sign_in, ana, workspace):
    template = create_template(
        workspace.id, name="Order", html="<body>{{ content }}{{ variables.order }}</body>"
    )
    other = create_template(workspace.id, name="Other", html="<body>{{ content }}</body>")
    browser = sign_in(ana)
    url = f"/w/bakery/templates/{template.public_id}/programs"

    page = browser.post(
        url, data={"alias": "order", "subject": "Order {{ variables.id }}"}, follow_redirects=True
    ).text
    taken = browser.post(f"/w/bakery/templates/{other.public_id}/programs", data={"alias": "order"})
    wrong = browser.post(url, data={"alias": "order", "subject": "{{ 7 * 7 }}"})

    assert "&#34;alias&#34;: &#34;order&#34;" in page
    assert "<code>order</code>" in page
    assert "<code>id</code>" in page
    assert (taken.status_code, wrong.status_code) == (422, 422)


def test_who_is_let_in_again_is_let_into_every_stream(workspace):
    suppression = suppress(workspace.id, "sam@example.com", SuppressionReason.COMPLAINT)
    close_stream(workspace.id, "alerts", "Sam@example.com", SuppressionReason.COMPLAINT)

    lift_suppression(suppression, words="They asked.", actor_id=None)

    assert db.session.scalar(select(func.count()).select_from(StreamSuppression)) == 0
