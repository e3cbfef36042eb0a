"""The mails that we send ourselves."""

import email
import email.policy
from pathlib import Path

import pytest
from sqlalchemy import select

from mailer import signals
from mailer.consent.models import SuppressionReason
from mailer.consent.suppress import suppress
from mailer.db import db
from mailer.delivery import ledger
from mailer.delivery.alone import deliver_alone
from mailer.delivery.claim_alone import claim_alone
from mailer.delivery.models import Delivery, DeliveryState, Message, Sender, SkipReason
from mailer.lib.clock import utcnow
from mailer.lib.system_mail import SystemMail
from mailer.transactional.system_mail import render, send_system_mail
from tests import factories
from tests.delivery.conftest import smtp  # noqa: F401
from tests.support.golden import compare
from tests.support.smtp import TAKE_AND_CUT

GOLDEN = Path(__file__).parent / "golden"

EVERY_MAIL = {
    "reset_password": {
        "name": "Ana",
        "email": "ana@example.com",
        "reset_url": "https://mail.example/reset/3fd0",
        "hours": 2,
    },
    "domain_in_trouble": {
        "workspace": "Ana’s Bakery",
        "domain": "bakery.example",
        "troubles": ["SPF: There are several SPF records.", "DMARC: There is no DMARC record."],
        "page_url": "https://mail.example/w/bakery/settings/domains/sdm_1/health",
    },
    "password_changed": {"name": "", "email": "ana@example.com"},
    "invitation": {
        "workspace": "Ana’s Bakery",
        "role": "editor",
        "inviter": "Ana <b>Baker</b>",
        "days": 7,
        "join_url": "https://mail.example/invitations/77aa",
    },
}


def wanted(workspace, template="reset_password", to="ana@example.com", **values):
    return SystemMail(
        template=template, workspace_id=workspace.id, to=to, values={**EVERY_MAIL[template], **values}
    )


@pytest.mark.parametrize("template", EVERY_MAIL)
def test_every_mail_reads_as_it_should(template, workspace):
    workspace.postal_address = "12 Mill Lane, Bristol"

    rendered = render(wanted(workspace, template), workspace)

    compare(GOLDEN / f"{template}.txt", f"{rendered.subject}\n\n{rendered.text}")
    compare(GOLDEN / f"{template}.html", rendered.html)


def test_values_are_escaped_in_html_and_plain_in_text(workspace):
    rendered = render(wanted(workspace, "invitation"), workspace)

    assert "Ana &lt;b&gt;Baker&lt;/b&gt;" in rendered.html
    assert "Ana <b>Baker</b>" in rendered.text


def test_a_mail_leaves_through_the_ledger(workspace, queued, smtp):  # noqa: F811
    signals.mail_wanted.send(wanted(workspace))
    db.session.commit()
    delivery = db.session.scalars(select(Delivery)).one()
    assert queued() == [("deliver_transactional",)]

    deliver_alone()

    (received,) = smtp.received
    message = email.message_from_bytes(received.data, policy=email.policy.default)
    assert message["to"] == "ana@example.com"
    assert message["from"] == "Ana’s Bakery <mailer@localhost>"
    assert message["auto-submitted"] == "auto-generated"
    assert message["list-unsubscribe"] is None
    assert "https://mail.example/reset/3fd0" in message.get_body(("plain",)).get_content()
    assert factories.refreshed(delivery).state is DeliveryState.ACCEPTED


def test_its_content_is_forgotten_once_it_was_accepted(workspace, smtp):  # noqa: F811
    signals.mail_wanted.send(wanted(workspace))
    db.session.commit()

    deliver_alone()

    message = db.session.scalars(select(Message)).one()
    assert (message.html, message.text) == ("", "")
    assert message.subject


def test_nothing_is_sent_for_what_was_rolled_back(workspace, queued):
    db.session.commit()

    signals.mail_wanted.send(wanted(workspace))
    db.session.rollback()

    assert queued() == []
    assert db.session.scalars(select(Delivery)).all() == []


def test_it_is_from_the_workspace_s_first_sender(workspace):
    factories.add(Sender(workspace_id=workspace.id, name="Ana", email="ana@bakery.example"))

    signals.mail_wanted.send(wanted(workspace))

    message = db.session.scalars(select(Message)).one()
    assert (message.from_name, message.from_email) == ("Ana", "ana@bakery.example")


def test_doubt_is_resolved_by_sending_again_under_the_same_id(workspace, smtp, monkeypatch):  # noqa: F811
    signals.mail_wanted.send(wanted(workspace))
    db.session.commit()
    delivery = db.session.scalars(select(Delivery)).one()
    smtp.script = lambda stage, recipient: TAKE_AND_CUT if stage == "dot" else None
    deliver_alone()
    smtp.script = lambda stage, recipient: None
    row = factories.refreshed(delivery)
    assert row.state is DeliveryState.PREPARED
    row.next_try_at = row.created_at
    db.session.commit()

    deliver_alone()

    first, second = (email.message_from_bytes(each.data)["message-id"] for each in smtp.received)
    assert first == second


def test_a_dead_address_is_not_mailed_again(workspace, smtp):  # noqa: F811
    suppress(workspace.id, "ana@example.com", SuppressionReason.HARD_BOUNCE)
    signals.mail_wanted.send(wanted(workspace))
    db.session.commit()
    delivery = db.session.scalars(select(Delivery)).one()

    deliver_alone()

    assert smtp.received == []
    assert factories.refreshed(delivery).skip_reason is SkipReason.SUPPRESSED


def test_someone_who_left_still_gets_what_they_ask_for(workspace, smtp):  # noqa: F811
    suppress(workspace.id, "ana@example.com", SuppressionReason.UNSUBSCRIBED)
    signals.mail_wanted.send(wanted(workspace))
    db.session.commit()

    deliver_alone()

    assert len(smtp.received) == 1


def test_a_worker_that_dies_before_the_handover_leaves_the_mail_to_the_next(workspace, smtp):  # noqa: F811
    send_system_mail(wanted(workspace))
    db.session.commit()
    claimed = claim_alone(1, worker="dead", now=utcnow())
    db.session.commit()

    ledger.put_back(claimed.id, worker="dead", due_at=utcnow())
    db.session.commit()
    deliver_alone()

    assert len(smtp.received) == 1
