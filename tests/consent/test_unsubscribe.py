import pytest

from mailer import signals
from mailer.audience.models import SubscriptionStatus
from mailer.consent.models import Channel, ConsentRecord, Evidence
from mailer.consent.unsubscribe import leave, unsubscribe, unsubscribe_many
from mailer.db import db
from mailer.lib.ids import uuid7
from tests import factories
from tests.consent.conftest import BY_LINK, BY_STAFF, HOUR, NOON, acts_of


@pytest.fixture
def subscription(reader, bread):
    return factories.subscription(reader, bread)


@pytest.fixture
def heard():
    told = []

    def listen(subscription, delivery_id=None):
        told.append((subscription.list_id, delivery_id))

    with signals.unsubscribed.connected_to(listen):
        yield told


def test_asking_twice_keeps_one_record(subscription):
    unsubscribe(subscription, evidence=BY_LINK, now=NOON)

    unsubscribe(subscription, evidence=Evidence(Channel.ONE_CLICK), now=NOON + HOUR)

    assert subscription.ended_at == NOON
    assert [record.via for record in db.session.query(ConsentRecord)] == [Channel.LINK]


def test_the_delivery_is_credited_once_however_many_lists_one_act_leaves(
    workspace, reader, subscription, heard
):
    cake = factories.mailing_list(workspace, "Cake")
    factories.subscription(reader, cake)
    delivery_id = uuid7()

    ended = leave(
        reader,
        [subscription.list_id, cake.id],
        evidence=Evidence(Channel.LINK, delivery_id=delivery_id),
        now=NOON,
    )

    assert len(ended) == 2
    assert sorted(str(told[1]) for told in heard) == sorted([str(delivery_id), "None"])


def test_naming_no_list_leaves_all(workspace, reader, subscription):
    factories.subscription(reader, factories.mailing_list(workspace, "Cake"), SubscriptionStatus.PENDING)

    assert len(leave(reader, [], evidence=BY_LINK, now=NOON)) == 2
    assert leave(reader, [], evidence=BY_LINK, now=NOON) == []


def test_leaving_one_list_keeps_the_others(workspace, reader, subscription):
    cake = factories.subscription(reader, factories.mailing_list(workspace, "Cake"))

    leave(reader, [subscription.list_id], evidence=BY_LINK, now=NOON)

    assert cake.is_active


def test_staff_may_unsubscribe_many_and_each_has_a_record(workspace, bread):
    people = [factories.subscriber(workspace, on=bread) for _ in range(3)]
    stays = factories.subscriber(workspace, on=bread)

    assert unsubscribe_many(people, bread.id, evidence=BY_STAFF, now=NOON) == 3
    assert acts_of(people[0]) == ["unsubscribed"]
    assert acts_of(stays) == []
