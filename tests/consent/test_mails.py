"""What the mails of consent say, read as they are kept for sending."""

from dataclasses import replace

import pytest

from mailer.audience.models import OptIn
from mailer.consent.confirm import send_confirmation
from mailer.consent.subscribe import subscribe
from mailer.consent.welcome import send_welcome
from mailer.current import links
from mailer.db import db
from mailer.delivery.models import Delivery, Message
from tests import factories
from tests.consent.conftest import BY_SIGN_UP, NOON


def test_the_confirmation_says_who_what_and_how(reader, bread):
    bread.description = "Every Friday."
    subscription = subscribe(reader, bread, evidence=BY_SIGN_UP, now=NOON)

    send_confirmation(subscription.id)

    message = db.session.query(Message).one()
    url = links().confirm_url(subscription.id)
    assert message.subject == "Please confirm: Weekly bread"
    for body in (message.text, message.html):
        assert url in body
        assert "Every Friday." in body
        assert "do nothing" in body
    assert db.session.query(Delivery).one().email == "reader@example.com"


def test_the_welcome_says_what_staff_wrote_and_how_to_leave(workspace, reader):
    news = factories.mailing_list(
        workspace,
        "News",
        opt_in=OptIn.SINGLE,
        welcome_subject="Welcome!",
        welcome_body="**Good** to have you. <script>alert(1)</script>",
    )
    subscription = subscribe(reader, news, evidence=BY_SIGN_UP, now=NOON)

    send_welcome(subscription.id)

    message = db.session.query(Message).one()
    assert message.subject == "Welcome!"
    assert "<strong>Good</strong>" in message.html
    assert "<script>" not in message.html
    for body in (message.text, message.html):
        assert links().preferences_url(reader.id) in body


@pytest.mark.parametrize("name", ["<b>Bread</b>", "Bread\u202e", "“Bread”, & more"])
def test_a_name_cannot_break_out_of_the_mail(reader, bread, name):
    bread.name = name
    subscription = subscribe(reader, bread, evidence=BY_SIGN_UP, now=NOON)

    send_confirmation(subscription.id)

    assert "<b>" not in db.session.query(Message).one().html


@pytest.mark.parametrize(
    ("locale", "subject", "words", "direction"),
    [
        ("de", "Bitte bestätigen Sie: Weekly bread", "Anmeldung bestätigen", "ltr"),
        ("zh", "请确认：Weekly bread", "确认订阅", "ltr"),
        ("ar", "يرجى التأكيد: Weekly bread", "تأكيد اشتراكي", "rtl"),
        ("pt", "Please confirm: Weekly bread", "Confirm my subscription", "ltr"),
    ],
)
def test_the_confirmation_speaks_the_language_of_the_form(reader, bread, locale, subject, words, direction):
    subscription = subscribe(reader, bread, evidence=replace(BY_SIGN_UP, locale=locale), now=NOON)

    send_confirmation(subscription.id)

    message = db.session.query(Message).one()
    assert message.subject == subject
    assert words in message.html
    assert f'dir="{direction}"' in message.html
