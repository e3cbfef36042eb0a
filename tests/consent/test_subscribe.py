import pytest

from mailer.audience.models import OptIn, SubscriptionStatus
from mailer.consent.models import ConsentRecord
from mailer.consent.subscribe import subscribe
from mailer.consent.unsubscribe import unsubscribe
from mailer.db import db
from mailer.errors import Conflict, Invalid
from tests import factories
from tests.consent.conftest import (
    BY_API,
    BY_LINK,
    BY_PREFERENCE,
    BY_SIGN_UP,
    BY_STAFF,
    DAY,
    HOUR,
    NOON,
    acts_of,
)


def test_a_sign_up_waits_for_its_confirmation(reader, bread, queued):
    subscription = subscribe(reader, bread, evidence=BY_SIGN_UP, now=NOON)
    db.session.commit()

    assert subscription.status is SubscriptionStatus.PENDING
    assert queued() == [("send_confirmation", str(subscription.id))]


def test_a_sign_up_leaves_a_record_with_the_words_that_were_shown(reader, bread):
    subscribe(reader, bread, evidence=BY_SIGN_UP, now=NOON)

    record = db.session.query(ConsentRecord).one()
    assert (record.words, record.ip, record.user_agent) == ("Yes, weekly.", "192.0.2.1", "Browser/1")
    assert record.created_at == NOON


def test_single_opt_in_starts_at_once(workspace, reader, queued):
    news = factories.mailing_list(workspace, "News", opt_in=OptIn.SINGLE)

    subscription = subscribe(reader, news, evidence=BY_SIGN_UP, now=NOON)
    db.session.commit()

    assert subscription.started_at == NOON
    assert acts_of(reader) == ["subscribed"]
    assert queued() == []


def test_asking_again_within_a_day_sends_no_second_mail(reader, bread, queued):
    subscribe(reader, bread, evidence=BY_SIGN_UP, now=NOON)
    subscribe(reader, bread, evidence=BY_SIGN_UP, now=NOON + HOUR)
    db.session.commit()

    assert len(queued()) == 1
    assert acts_of(reader) == ["requested"]


def test_asking_again_the_next_day_sends_again(reader, bread, queued):
    subscribe(reader, bread, evidence=BY_SIGN_UP, now=NOON)
    db.session.commit()
    subscribe(reader, bread, evidence=BY_SIGN_UP, now=NOON + DAY)
    db.session.commit()

    assert len(queued()) == 2


def test_one_confirmation_a_day_goes_to_an_address_whatever_the_list(workspace, reader, bread, queued):
    other = factories.mailing_list(workspace, "Cake")

    subscribe(reader, bread, evidence=BY_SIGN_UP, now=NOON)
    subscribe(reader, other, evidence=BY_SIGN_UP, now=NOON + HOUR)
    db.session.commit()

    assert len(queued()) == 1


@pytest.mark.parametrize("evidence", [BY_API, BY_STAFF])
def test_nobody_else_brings_back_who_left(reader, bread, evidence):
    factories.subscription(reader, bread, SubscriptionStatus.UNSUBSCRIBED)

    subscription = subscribe(reader, bread, evidence=evidence, now=NOON, is_confirmed=True)

    assert subscription.status is SubscriptionStatus.UNSUBSCRIBED
    assert acts_of(reader) == []


@pytest.mark.parametrize("opt_in", list(OptIn))
def test_who_left_and_signs_up_again_confirms_whatever_the_list(workspace, reader, opt_in):
    news = factories.mailing_list(workspace, "News", opt_in=opt_in)
    factories.subscription(reader, news, SubscriptionStatus.UNSUBSCRIBED)

    subscription = subscribe(reader, news, evidence=BY_SIGN_UP, now=NOON)

    assert subscription.status is SubscriptionStatus.PENDING


@pytest.mark.parametrize("evidence", [BY_LINK, BY_PREFERENCE])
def test_a_link_from_a_mail_proves_the_address_so_that_its_owner_returns_at_once(reader, bread, evidence):
    factories.subscription(reader, bread, SubscriptionStatus.UNSUBSCRIBED)

    subscription = subscribe(reader, bread, evidence=evidence, now=NOON)

    assert subscription.started_at == NOON
    assert subscription.ended_at is None


def test_a_program_may_answer_for_the_consent_of_a_new_subscriber(reader, bread, queued):
    subscription = subscribe(reader, bread, evidence=BY_API, now=NOON, is_confirmed=True)
    db.session.commit()

    assert subscription.is_active
    assert queued() == []


def test_an_active_subscription_is_left_alone(reader, bread):
    subscription = factories.subscription(reader, bread)

    subscribe(reader, bread, evidence=BY_SIGN_UP, now=NOON)

    assert subscription.is_active
    assert acts_of(reader) == []


def test_a_list_with_a_welcome_mail_has_it_sent(workspace, reader, queued):
    news = factories.mailing_list(
        workspace, "News", opt_in=OptIn.SINGLE, welcome_subject="Welcome", welcome_body="Good to have you."
    )

    subscription = subscribe(reader, news, evidence=BY_SIGN_UP, now=NOON)
    db.session.commit()

    assert queued() == [("send_welcome", str(subscription.id))]


def test_nobody_joins_an_archived_list(reader, bread):
    bread.archived_at = NOON

    with pytest.raises(Conflict):
        subscribe(reader, bread, evidence=BY_SIGN_UP, now=NOON)


def test_nobody_joins_a_list_of_another_workspace(reader, other_workspace):
    cheese = factories.mailing_list(other_workspace)

    with pytest.raises(Invalid):
        subscribe(reader, cheese, evidence=BY_SIGN_UP, now=NOON)


def test_leaving_and_returning_keeps_every_proof(reader, bread):
    subscription = subscribe(reader, bread, evidence=BY_LINK, now=NOON)
    unsubscribe(subscription, evidence=BY_LINK, now=NOON + HOUR)
    subscribe(reader, bread, evidence=BY_LINK, now=NOON + DAY)

    assert acts_of(reader) == ["subscribed", "unsubscribed", "subscribed"]
