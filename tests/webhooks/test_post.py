"""Telling endpoints: signed, in order, again until they say yes; a dead one delays nobody."""

import json
from datetime import timedelta

import pytest
import time_machine
from standardwebhooks import Webhook

from mailer.db import db
from mailer.lib.clock import utcnow
from mailer.webhooks.endpoints import replace_secret, replay_since, send_test, switch_endpoint
from mailer.webhooks.models import Endpoint, Event, Posting, PostingState, Try
from mailer.webhooks.post import post_webhooks
from mailer.webhooks.sweep import forget_old_events, sweep_webhooks
from mailer.webhooks.tell import tell, tell_many
from tests import factories
from tests.support.receiver import listening

#: So long that every event has been tried again and again.
A_DAY = timedelta(days=1)


@pytest.fixture
def clock():
    with time_machine.travel(utcnow(), tick=False) as clock:
        yield clock


def happens(workspace, name="subscriber.created", **data):
    tell(workspace.id, name, data, now=utcnow())
    db.session.commit()


def sweep(work_off):
    sweep_webhooks(now=utcnow())
    work_off()


def test_an_event_arrives_signed_as_the_standard_says(workspace, endpoint, receiver, work_off):
    _, secret = endpoint()

    happens(workspace, name="subscriber.created", email="zoë@example.com")
    work_off()

    ((headers, body),) = receiver.calls
    told = Webhook(secret).verify(body, headers)
    assert (told["type"], told["data"]) == ("subscriber.created", {"email": "zoë@example.com"})
    assert headers["webhook-id"].startswith("whe_")
    posting = db.session.query(Posting).one()
    assert (posting.state, posting.status, posting.try_count) == (PostingState.DELIVERED, 204, 1)


def test_nothing_is_written_where_nobody_asked(workspace, other_workspace, endpoint, queued):
    endpoint("campaign.finished")

    happens(workspace, name="subscriber.created")
    happens(other_workspace, name="campaign.finished")

    assert (db.session.query(Event).count(), queued()) == (0, [])


def test_what_is_rolled_back_was_never_told(workspace, endpoint, queued):
    endpoint()

    tell(workspace.id, "subscriber.created", {}, now=utcnow())
    db.session.rollback()

    assert (db.session.query(Event).count(), queued()) == (0, [])


def test_both_secrets_sign_for_a_day_after_one_is_replaced(workspace, endpoint, receiver, work_off, clock):
    made, old = endpoint()
    new = replace_secret(made, now=utcnow())
    happens(workspace)
    work_off()
    ((headers, body),) = receiver.calls
    for secret in (old, new):
        Webhook(secret).verify(body, headers)
    clock.shift(A_DAY)

    happens(workspace)
    work_off()

    later_headers, later_body = receiver.calls[1]
    Webhook(new).verify(later_body, later_headers)
    assert headers["webhook-signature"].count("v1,") == 2
    assert later_headers["webhook-signature"].count("v1,") == 1


def test_after_a_day_out_of_order_each_event_comes_once_in_the_order_of_its_retries(
    workspace, endpoint, receiver, work_off, clock
):
    made, _ = endpoint()
    receiver.status = 503
    with listening() as other:
        endpoint(url=other.url)
        for number in range(12):
            happens(workspace, number=number)
            sweep(work_off)
            assert len(other.calls) == number + 1
            for _ in range(3):
                clock.shift(timedelta(minutes=40))
                sweep(work_off)
    in_vain, receiver.calls, receiver.status = set(receiver.ids), [], 204
    waiting = (
        db.session.query(Posting).filter_by(endpoint_id=made.id).order_by(Posting.next_try_at, Posting.id)
    )
    expected = [posting.event.public_id for posting in waiting]

    for _ in range(24):
        clock.shift(timedelta(hours=1))
        sweep(work_off)

    assert receiver.ids == expected
    assert sorted(expected) == sorted(other.ids)
    assert len(in_vain) > 1
    assert in_vain <= set(expected)


def test_a_dead_endpoint_delays_nobody_and_is_asked_seldom(workspace, endpoint, receiver, work_off, clock):
    endpoint(url="http://127.0.0.1:9/")
    endpoint()

    for number in range(20):
        happens(workspace, number=number)
    work_off()

    assert len(receiver.calls) == 20
    assert db.session.query(Try).filter(Try.status.is_(None)).count() == 1


def test_an_event_that_is_refused_does_not_hold_the_others_up(workspace, endpoint, receiver, work_off, clock):
    endpoint()
    receiver.statuses = [500, 204]
    happens(workspace, number=1)
    happens(workspace, number=2)
    work_off()
    clock.shift(timedelta(seconds=6))

    sweep(work_off)

    assert [json.loads(body)["data"]["number"] for _, body in receiver.calls] == [1, 2, 1]
    assert receiver.ids[0] == receiver.ids[2]
    stamps = [headers["webhook-timestamp"] for headers, _ in receiver.calls]
    assert int(stamps[2]) - int(stamps[0]) == 6


@pytest.mark.parametrize("status", [301, 302, 400, 500])
def test_whatever_is_no_success_is_sent_again(workspace, endpoint, receiver, work_off, status):
    endpoint()
    receiver.status, receiver.headers = status, {"Location": "http://127.0.0.1:9/"}

    happens(workspace)
    work_off()

    posting = db.session.query(Posting).one()
    assert (posting.state, len(receiver.calls)) == (PostingState.WAITING, 1)
    assert posting.next_try_at > utcnow()


def test_a_receiver_says_how_long_to_wait(workspace, endpoint, receiver, work_off, clock):
    made, _ = endpoint()
    receiver.status, receiver.headers = 429, {"Retry-After": "900"}

    happens(workspace)
    work_off()

    assert factories.refreshed(made).paused_until == utcnow() + timedelta(minutes=15)
    assert db.session.query(Posting).one().next_try_at >= utcnow() + timedelta(minutes=15)


def test_gone_switches_it_off_and_tells_the_owner(workspace, ana, endpoint, receiver, work_off):
    made, _ = endpoint()
    receiver.status = 410

    happens(workspace)
    work_off()
    happens(workspace)

    made = factories.refreshed(made)
    assert (made.is_enabled, "410" in made.disabled_reason) == (False, True)
    assert db.session.query(Posting).one().state is PostingState.WAITING
    mail = db.session.execute(db.text("SELECT email FROM deliveries")).scalars().all()
    assert mail == ["ana@example.com"]


def test_three_days_of_silence_switch_it_off_and_what_waits_goes_out_later(
    workspace, ana, endpoint, receiver, work_off, clock
):
    made, _ = endpoint()
    receiver.status = 500
    happens(workspace, number=1)
    for _ in range(12):
        sweep(work_off)
        clock.shift(A_DAY)
    tell_many(workspace.id, [("subscriber.created", {"number": 2})], now=utcnow())
    made = factories.refreshed(made)
    assert (made.is_enabled, len(receiver.calls)) == (False, 10)
    assert db.session.query(Posting).one().state is PostingState.FAILED
    receiver.status, receiver.calls = 204, []

    switch_endpoint(made, is_enabled=True, now=utcnow())
    replayed = replay_since(made, since=made.created_at, now=utcnow())
    work_off()

    assert (replayed, len(receiver.calls)) == (1, 1)
    assert db.session.query(Try).count() == 11


def test_a_test_goes_out_whatever_was_asked_for(endpoint, receiver, work_off):
    made, secret = endpoint("campaign.*")

    send_test(made, now=utcnow())
    work_off()

    assert receiver.told == ["webhook.test"]
    Webhook(secret).verify(receiver.calls[0][1], receiver.calls[0][0])


def test_one_lane_is_worked_by_one_at_a_time(workspace, endpoint, receiver):
    made, _ = endpoint()
    happens(workspace)
    made.leased_until = utcnow() + timedelta(seconds=30)
    db.session.commit()

    post_webhooks(made.id)

    assert receiver.calls == []


def test_our_own_network_is_not_asked(app, workspace, endpoint, receiver, work_off, monkeypatch):
    endpoint()
    settings = app.config["SETTINGS"]
    monkeypatch.setitem(app.config, "SETTINGS", settings.model_copy(update={"private_webhooks": False}))

    happens(workspace)
    work_off()

    assert receiver.calls == []
    assert "Port" in db.session.query(Posting).one().words


def test_what_was_told_long_ago_is_forgotten(workspace, endpoint, work_off, clock):
    endpoint()
    happens(workspace)
    work_off()
    clock.shift(timedelta(days=31))

    assert forget_old_events(now=utcnow()) == 1
    assert (db.session.query(Posting).count(), db.session.query(Try).count()) == (0, 0)
    assert db.session.query(Endpoint).count() == 1
