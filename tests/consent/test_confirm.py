from datetime import timedelta

import pytest

from mailer import signals
from mailer.audience.models import SubscriptionStatus
from mailer.consent.confirm import (
    CONFIRMATION_LIFETIME,
    ConfirmationTooOld,
    ask_again,
    can_confirm,
    confirm,
    send_confirmation,
)
from mailer.consent.models import Channel, Evidence
from mailer.consent.subscribe import subscribe
from mailer.consent.sweep import sweep_subscriptions
from mailer.consent.unsubscribe import unsubscribe
from mailer.current import links
from mailer.db import db
from tests.consent.conftest import BY_LINK, BY_SIGN_UP, DAY, HOUR, NOON, acts_of

BY_BUTTON = Evidence(Channel.CONFIRMATION_PAGE)


@pytest.fixture
def pending(reader, bread):
    return subscribe(reader, bread, evidence=BY_SIGN_UP, now=NOON)


@pytest.fixture
def mails():
    wanted = []

    def take(mail):
        wanted.append(mail)

    with signals.mail_wanted.connected_to(take):
        yield wanted


def test_a_confirmation_starts_the_subscription(pending, reader):
    confirm(pending, evidence=BY_BUTTON, now=NOON + HOUR)

    assert pending.started_at == NOON + HOUR
    assert acts_of(reader) == ["requested", "confirmed"]


def test_confirming_twice_keeps_one_record(pending, reader):
    confirm(pending, evidence=BY_BUTTON, now=NOON + HOUR)
    confirm(pending, evidence=BY_BUTTON, now=NOON + DAY)

    assert pending.started_at == NOON + HOUR
    assert acts_of(reader) == ["requested", "confirmed"]


def test_an_old_link_does_not_confirm(pending):
    with pytest.raises(ConfirmationTooOld):
        confirm(pending, evidence=BY_BUTTON, now=NOON + CONFIRMATION_LIFETIME + timedelta(seconds=1))

    assert pending.status is SubscriptionStatus.PENDING


def test_the_holder_of_an_old_link_may_ask_for_a_new_one(pending):
    later = NOON + CONFIRMATION_LIFETIME + DAY

    assert ask_again(pending, evidence=BY_LINK, now=later)
    assert can_confirm(pending, now=later)


def test_a_link_from_before_leaving_does_not_confirm(pending):
    confirm(pending, evidence=BY_BUTTON, now=NOON + HOUR)
    unsubscribe(pending, evidence=BY_LINK, now=NOON + 2 * HOUR)

    with pytest.raises(ConfirmationTooOld):
        confirm(pending, evidence=BY_BUTTON, now=NOON + 3 * HOUR)


def test_the_mail_carries_the_link_and_no_address_in_it(pending, mails):
    send_confirmation(pending.id)

    (mail,) = mails
    assert mail.to == "reader@example.com"
    token = mail.values["confirm_url"].rpartition("/")[2]
    assert links().read_confirm(token) == pending.id
    assert "reader" not in mail.values["confirm_url"]


def test_a_doubled_job_makes_one_mail(pending, mails):
    send_confirmation(pending.id)
    send_confirmation(pending.id)

    assert len(mails) == 1


def test_no_mail_asks_for_what_was_confirmed_meanwhile(pending, mails):
    confirm(pending, evidence=BY_BUTTON, now=NOON)

    send_confirmation(pending.id)

    assert mails == []


def test_the_sweep_asks_again_for_a_job_that_was_lost(pending, queued, broker):
    db.session.commit()
    broker.flush_all()

    assert sweep_subscriptions(now=NOON + timedelta(seconds=30)) == 0
    assert sweep_subscriptions(now=NOON + timedelta(minutes=5)) == 1
    db.session.commit()

    assert queued() == [("send_confirmation", str(pending.id))]
