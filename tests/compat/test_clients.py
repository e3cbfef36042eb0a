"""The vendors' own clients, unchanged but for the address that they call."""

import base64
import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from mailer.composing.save_template import create_template
from mailer.consent.models import SuppressionReason
from mailer.consent.suppress import suppress
from mailer.db import db
from mailer.delivery.models import Delivery
from mailer.lib.clock import utcnow
from mailer.transactional.models import TemplateUse, TransactionalMessage
from tests import factories
from tests.delivery.conftest import smtp  # noqa: F401
from tests.transactional.conftest import read

FROM, TO = "Ana <ana@bakery.example>", "sam@example.com"
PDF = base64.b64encode(b"%PDF").decode()


@pytest.fixture
def receipt(workspace):
    """A template that programs know by its alias; and an address that gets nothing."""
    template = create_template(
        workspace.id, name="Receipt", html="<body>{{ content }}Paid {{ variables.sum }}</body>"
    )
    factories.add(
        TemplateUse(
            template_id=template.id, workspace_id=workspace.id, alias="receipt", subject="{{ variables.sum }}"
        )
    )
    suppress(workspace.id, "gone@example.com", SuppressionReason.HARD_BOUNCE)
    db.session.commit()


def sources() -> list[str]:
    db.session.rollback()
    found = [each.value for each in db.session.scalars(select(TransactionalMessage.source))]
    # What holds SQLite's write lock would let the next call wait.
    db.session.rollback()
    return found


def test_resend(base_url, secret, receipt, smtp, work_off, monkeypatch):  # noqa: F811
    resend = pytest.importorskip("resend")
    monkeypatch.setattr(resend, "api_key", secret)
    monkeypatch.setattr(resend, "api_url", f"{base_url}/compat/resend")
    email = {
        "from": FROM,
        "to": [TO],
        "subject": "Receipt",
        "html": "<b>Paid</b>",
        "reply_to": "help@bakery.example",
        "headers": {"X-Order": "17"},
        "tags": [{"name": "order", "value": "17"}],
        "attachments": [{"filename": "a.pdf", "content": list(b"%PDF")}],
    }

    sent = resend.Emails.send(email, {"idempotency_key": "order-17"})
    again = resend.Emails.send(email, {"idempotency_key": "order-17"})
    shown = resend.Emails.get(sent["id"])
    listed = resend.Emails.list({"limit": 10})
    batch = resend.Batch.send([{**email, "to": "ben@example.com"}, {**email, "to": "cleo@example.com"}])
    at = (utcnow() + timedelta(hours=1)).isoformat()
    waiting = resend.Emails.send({**email, "to": "vera@example.com", "scheduled_at": at})
    resend.Emails.update({"id": waiting["id"], "scheduled_at": at})
    resend.Emails.cancel(waiting["id"])
    resend.Emails.send({"from": FROM, "to": TO, "template": {"id": "receipt", "variables": {"sum": "€ 4"}}})
    with pytest.raises(resend.exceptions.ResendError, match="suppressed"):
        resend.Emails.send({**email, "to": "gone@example.com"})
    work_off()

    assert sent["id"] == again["id"]
    assert shown["subject"] == "Receipt"
    assert [each["id"] for each in listed["data"]] == [sent["id"]]
    assert resend.Emails.get(waiting["id"])["last_event"] == "canceled"
    assert len(batch["data"]) == 2
    assert sources() == ["resend"] * 5
    assert len(smtp.received) == 4
    mail = read(smtp.of(TO)[0])
    assert (mail["x-order"], mail["reply-to"]) == ("17", "help@bakery.example")
    assert [part.get_content() for part in mail.iter_attachments()] == [b"%PDF"]
    monkeypatch.setattr(resend, "api_key", "mlr_wrong")
    with pytest.raises(resend.exceptions.ResendError):
        resend.Emails.send(email)


def test_postmark(base_url, secret, receipt, smtp, work_off):  # noqa: F811
    postmark = pytest.importorskip("postmark.sync")
    exceptions = pytest.importorskip("postmark.exceptions")
    email = {
        "sender": FROM,
        "to": f"Sam <{TO}>, ben@example.com",
        "subject": "Receipt",
        "html_body": "<b>Paid</b>",
        "tag": "receipt",
        "message_stream": "outbound",
    }
    with postmark.ServerClient(secret, base_url=f"{base_url}/compat/postmark", retries=0) as client:
        sent = client.outbound.send(email)
        batch = client.outbound.send_batch([email, {**email, "to": "gone@example.com"}])
        by_template = client.outbound.send_with_template(
            {"sender": FROM, "to": TO, "template_alias": "receipt", "template_model": {"sum": "€ 4"}}
        )
        with pytest.raises(exceptions.InactiveRecipientException):
            client.outbound.send({**email, "to": "gone@example.com"})
    with (
        postmark.ServerClient("mlr_wrong", base_url=f"{base_url}/compat/postmark", retries=0) as client,
        pytest.raises(exceptions.InvalidAPIKeyException),
    ):
        client.outbound.send(email)
    work_off()

    assert (sent.error_code, by_template.message) == (0, "OK")
    assert [each.error_code for each in batch] == [0, 406]
    assert sources() == ["postmark"] * 3
    assert len(smtp.received) == 5


def test_sendgrid(base_url, secret, receipt, smtp, work_off):  # noqa: F811
    sendgrid = pytest.importorskip("sendgrid")
    helpers = pytest.importorskip("sendgrid.helpers.mail")
    errors = pytest.importorskip("python_http_client.exceptions")
    client = sendgrid.SendGridAPIClient(secret, host=f"{base_url}/compat/sendgrid")
    mail = helpers.Mail(
        from_email=("ana@bakery.example", "Ana"),
        to_emails=[TO, "ben@example.com"],
        subject="Hello -name-",
        html_content="<b>Hello -name-</b>",
        plain_text_content="Hello -name-",
        is_multiple=True,
    )
    for personalization, name in zip(mail.personalizations, ("Ben", "Sam"), strict=True):
        personalization.add_substitution(helpers.Substitution("-name-", name))
    mail.add_category(helpers.Category("receipt"))
    mail.attachment = helpers.Attachment(
        helpers.FileContent(PDF), helpers.FileName("a.pdf"), helpers.FileType("application/pdf")
    )

    answer = client.send(mail)
    by_template = helpers.Mail(from_email=FROM, to_emails=TO)
    by_template.template_id = "receipt"
    by_template.dynamic_template_data = {"sum": "€ 4"}
    client.send(by_template)
    with pytest.raises(errors.BadRequestsError) as refused:
        client.send(helpers.Mail(FROM, "gone@example.com", "Hello", "words", "<b>words</b>"))
    work_off()

    assert answer.status_code == 202
    assert answer.headers["X-Message-Id"].startswith("msg_")
    assert "suppressed" in json.loads(refused.value.body)["errors"][0]["message"]
    assert sources() == ["sendgrid"] * 3
    subjects = {(each.recipient, read(each)["subject"]) for each in smtp.received}
    assert {subject for _, subject in subjects} == {"Hello Sam", "Hello Ben", "€ 4"}


@pytest.mark.parametrize(
    "call",
    [
        "resend/emails",
        "resend/emails/batch",
        "postmark/email",
        "postmark/email/batch",
        "sendgrid/v3/mail/send",
    ],
)
@pytest.mark.parametrize("body", [None, [], {}, [[]], {"to": 7}, {"personalizations": [{}]}, "x", [1, None]])
def test_nothing_that_is_sent_breaks_a_call(client, secret, call, body):
    keys = {"Authorization": f"Bearer {secret}", "X-Postmark-Server-Token": secret}

    assert client.post(f"/compat/{call}", json=body).status_code == 401
    assert client.post(f"/compat/{call}", json=body, headers=keys).status_code in {200, 400, 415, 422}
    assert db.session.scalar(select(Delivery)) is None
