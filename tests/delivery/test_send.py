"""From claim to outcome, against a real server."""

import email
import email.policy
from datetime import timedelta

import pytest
from sqlalchemy import select

from mailer import signals
from mailer.audience.models import Subscriber, Subscription
from mailer.consent.models import Suppression, SuppressionReason
from mailer.consent.suppress import suppress
from mailer.db import db
from mailer.delivery import lane, ledger, routes, runs, send, sweep
from mailer.delivery.models import Attempt, Batch, DeliveryState, Run, SkipReason
from mailer.lib.clock import utcnow
from tests import factories
from tests.delivery.conftest import deliveries
from tests.support.smtp import CUT, TAKE_AND_CUT

ACCEPTED, REJECTED, HELD = DeliveryState.ACCEPTED, DeliveryState.REJECTED, DeliveryState.HELD


def answering(**replies):
    """Answer one stage with one reply, whoever it is for; ``to`` limits it to one address."""
    only = replies.pop("to", None)
    return lambda stage, recipient: replies.get(stage) if only in (None, recipient) else None


def test_everybody_gets_their_own_message_once(bread, readers, launch, smtp, states):
    launch(bread)

    send.deliver_due()

    assert set(states().values()) == {ACCEPTED}
    assert len(smtp.received) == 5
    for number in range(5):
        (received,) = smtp.of(f"reader-{number}@example.com")
        message = email.message_from_bytes(received.data, policy=email.policy.default)
        assert message["to"] == f"reader-{number}@example.com"
        assert message["subject"] == f"Fresh on Sunday, Reader {number}"
        assert f"Hello Reader {number}" in message.get_body(("plain",)).get_content()
        assert message["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
        assert message["list-unsubscribe"].startswith("<http://localhost/u/")
        assert message["list-id"] == f"<{bread.public_id}.localhost>"
        assert "/c/" in message.get_body(("html",)).get_content()


def test_the_server_s_words_are_kept(bread, readers, launch, smtp):
    launch(bread)
    smtp.script = answering(dot="250 2.0.0 queued as 4711")

    send.deliver_due()

    assert deliveries()["reader-0@example.com"].reply == "250 2.0.0 queued as 4711"


def test_the_counts_follow_every_state(bread, readers, launch, smtp):
    replies = {
        "reader-0@example.com": "550 5.1.1 no such user",
        "reader-1@example.com": "451 4.7.1 later",
        "reader-2@example.com": "550 5.7.1 policy",
        "reader-3@example.com": TAKE_AND_CUT,
    }
    run = launch(bread)
    smtp.script = lambda stage, recipient: replies.get(recipient) if stage == "dot" else None

    send.deliver_due()

    counts = ledger.counts_of(run.campaign_id)
    assert counts == {REJECTED: 1, DeliveryState.PREPARED: 1, HELD: 1, DeliveryState.IN_DOUBT: 1, ACCEPTED: 1}
    before = dict(counts)
    ledger.recount(run.campaign_id)
    assert ledger.counts_of(run.campaign_id) == before


def test_a_dead_address_is_suppressed_and_a_refusal_of_us_suppresses_nobody(bread, readers, launch, smtp):
    launch(bread)
    replies = {"reader-0@example.com": "550 5.1.1 no such user", "reader-1@example.com": "550 5.7.26 no DKIM"}
    smtp.script = lambda stage, recipient: replies.get(recipient) if stage == "rcpt" else None

    send.deliver_due()

    suppressed = db.session.scalars(select(Suppression)).all()
    assert [(row.email_key, row.reason, row.detail) for row in suppressed] == [
        ("reader-0@example.com", SuppressionReason.HARD_BOUNCE, "550 5.1.1 no such user")
    ]
    attempts = db.session.scalars(select(Attempt.outcome).order_by(Attempt.outcome)).all()
    assert attempts == ["held", "rejected"]


def test_a_deferred_one_waits_and_is_tried_again(bread, readers, launch, smtp, time_machine_at):
    launch(bread)
    smtp.script = answering(rcpt="450 4.2.1 busy", to="reader-0@example.com")
    send.deliver_due()
    waiting = deliveries()["reader-0@example.com"]
    first_id = {message.recipient for message in smtp.received}
    smtp.script = answering()

    send.deliver_due()
    assert smtp.of("reader-0@example.com") == []
    with time_machine_at(waiting.next_try_at + timedelta(seconds=1)):
        send.deliver_due()

    assert "reader-0@example.com" not in first_id
    assert len(smtp.of("reader-0@example.com")) == 1
    assert deliveries()["reader-0@example.com"].attempt == 2
    assert len(smtp.received) == 5


def test_every_try_has_the_same_message_id(bread, readers, launch, smtp, time_machine_at):
    launch(bread)
    seen = []

    def refuse_after_reading(stage, recipient):
        return "451 4.3.0 try again" if stage == "dot" and recipient == "reader-0@example.com" else None

    smtp.script = refuse_after_reading
    send.deliver_due()
    smtp.script = answering()
    waiting = deliveries()["reader-0@example.com"]
    with time_machine_at(waiting.next_try_at + timedelta(seconds=1)):
        send.deliver_due()

    (received,) = smtp.of("reader-0@example.com")
    seen.append(email.message_from_bytes(received.data)["message-id"])
    assert seen == [f"<{waiting.public_id}@bakery.example>"]


def test_after_three_days_of_deferrals_it_is_given_up(bread, readers, launch, smtp, time_machine_at):
    launch(bread)
    smtp.script = answering(rcpt="450 4.2.1 busy", to="reader-0@example.com")
    send.deliver_due()

    with time_machine_at(utcnow() + timedelta(days=3, minutes=1)):
        send.deliver_due()

    row = deliveries()["reader-0@example.com"]
    assert row.state is REJECTED
    assert row.reply == "Given up after 3 days: 450 4.2.1 busy"
    assert db.session.scalars(select(Suppression)).all() == []


def test_the_gate_is_asked_when_claiming(workspace, bread, readers, launch, smtp):
    run = launch(bread)
    readers[0].subscriptions[0].end(at=utcnow())
    suppress(workspace.id, readers[1].email, SuppressionReason.MANUAL)
    readers[2].paused_until = utcnow() + timedelta(days=1)
    db.session.delete(readers[3])
    db.session.commit()

    send.deliver_due()

    rows = deliveries()
    assert [message.recipient for message in smtp.received] == ["reader-4@example.com"]
    assert {row.email: row.skip_reason for row in rows.values() if row.skip_reason} == {
        "reader-0@example.com": SkipReason.UNSUBSCRIBED,
        "reader-1@example.com": SkipReason.SUPPRESSED,
        "reader-2@example.com": SkipReason.PAUSED,
        "reader-3@example.com": SkipReason.ERASED,
    }
    assert ledger.counts_of(run.campaign_id) == {DeliveryState.SKIPPED: 4, ACCEPTED: 1}


def after_the_first(monkeypatch, act):
    """Do something when the first message is through; one connection takes one after another."""
    monkeypatch.setattr(routes, "CONNECTIONS", 1)
    original = lane.Lane.settle

    def acted(self, parcel, outcome):
        original(self, parcel, outcome)
        act()
        db.session.commit()

    monkeypatch.setattr(lane.Lane, "settle", acted)


def test_someone_who_leaves_during_the_batch_is_not_mailed(bread, readers, launch, smtp, monkeypatch):
    launch(bread)
    last = max(deliveries().values(), key=lambda row: row.id)
    leaver, subscription_id = last.email, last.subscriber.subscriptions[0].id
    db.session.rollback()
    after_the_first(monkeypatch, lambda: db.session.get(Subscription, subscription_id).end(at=utcnow()))

    send.deliver_due()

    assert smtp.of(leaver) == []
    assert deliveries()[leaver].skip_reason is SkipReason.UNSUBSCRIBED
    assert len(smtp.received) == 4


def test_who_leaves_is_asked_about_again_before_another_connection_takes_their_mail(
    app, bread, readers, launch, smtp, monkeypatch
):
    launch(bread)
    db.session.rollback()
    monkeypatch.setattr(routes, "CONNECTIONS", 1)
    seen = []

    def leave_and_cut(stage, recipient):
        """Let the second reader leave once the server knows of them, and lose the connection."""
        if stage != "rcpt" or recipient in seen:
            return None
        seen.append(recipient)
        if len(seen) != 2:
            return None
        with app.app_context():
            person = db.session.scalars(select(Subscriber).where(Subscriber.email == recipient)).one()
            person.subscriptions[0].end(at=utcnow())
            db.session.commit()
        return CUT

    smtp.script = leave_and_cut
    send.deliver_due()

    leaver = seen[1]
    assert smtp.of(leaver) == []
    assert deliveries()[leaver].skip_reason is SkipReason.UNSUBSCRIBED
    assert len(smtp.received) == 4


def test_a_pause_takes_effect_within_one_message_and_gives_the_rest_back_untouched(
    bread, readers, launch, smtp, monkeypatch
):
    run = launch(bread)
    campaign_id = run.campaign_id
    after_the_first(monkeypatch, lambda: runs.stop(campaign_id, now=utcnow()))

    send.deliver_due()

    assert len(smtp.received) <= 2
    sent = {message.recipient for message in smtp.received}
    assert {row.email: (row.state, row.attempt) for row in deliveries().values()} == {
        reader.email: (ACCEPTED, 1) if reader.email in sent else (DeliveryState.PREPARED, 0)
        for reader in readers
    }
    assert db.session.scalars(select(Batch.worker)).all() == [None]


class BreakingWatch:
    """Hears nothing until the database is gone."""

    is_broken = False

    def ask(self):
        pass

    def changed(self):
        if self.is_broken:
            raise ConnectionError("The database is gone.")
        return False

    def close(self):
        pass


def test_what_is_on_its_way_when_the_database_goes_is_heard_out(bread, readers, launch, smtp, monkeypatch):
    launch(bread)
    db.session.rollback()
    send.close_connections()
    watch = BreakingWatch()
    monkeypatch.setattr(send, "open_watch", lambda: watch)

    def break_before_the_answer(stage, recipient):
        watch.is_broken = watch.is_broken or stage == "dot"

    smtp.script = break_before_the_answer
    with pytest.raises(ConnectionError):
        send.deliver_due()
    db.session.rollback()
    sweep.sweep_deliveries(now=utcnow())

    received = {message.recipient for message in smtp.received}
    assert received
    assert {email: row.state for email, row in deliveries().items()} == {
        reader.email: ACCEPTED if reader.email in received else DeliveryState.PREPARED for reader in readers
    }


def test_a_cancelled_campaign_skips_all_who_wait(bread, readers, launch, smtp):
    run = launch(bread)

    skipped = runs.cancel(run.campaign_id, now=utcnow())
    db.session.commit()
    send.deliver_due()

    assert skipped == 5
    assert smtp.received == []
    assert {row.skip_reason for row in deliveries().values()} == {SkipReason.CANCELLED}


def test_a_server_that_is_down_costs_nobody_a_try_and_is_asked_again_later(bread, readers, launch, smtp):
    run = launch(bread)
    smtp.script = answering(connect="421 4.3.2 closed for lunch")

    send.deliver_due()
    send.deliver_due()

    assert {row.attempt for row in deliveries().values()} == {0}
    assert smtp.connections <= routes.CONNECTIONS
    run = db.session.get(Run, run.campaign_id)
    assert run.waits_until > utcnow()
    assert run.wait_reason.endswith("is in trouble: 421 4.3.2 closed for lunch")


def test_a_wrong_password_stops_the_campaign_and_blames_nobody(bread, readers, launch, smtp):
    run = launch(bread)
    smtp.script = answering(ehlo="554 5.7.1 you are listed")
    told = []

    def listen(campaign_id, *, reason):
        told.append((campaign_id, reason))

    with signals.campaign_held.connected_to(listen):
        send.deliver_due()

    assert told == [(run.campaign_id, "The mail server refuses us: 554 5.7.1 you are listed")]
    assert {(row.state, row.attempt) for row in deliveries().values()} == {(DeliveryState.PREPARED, 0)}
    assert db.session.get(Run, run.campaign_id).stopped_at is not None


def test_many_refusals_of_us_stop_the_campaign(workspace, bread, launch, smtp):
    for number in range(30):
        factories.subscriber(workspace, f"r{number}@example.com", on=bread)
    run = launch(bread)
    smtp.script = answering(rcpt="550 5.7.28 unusual rate of mail")
    told = []

    def listen(campaign_id, *, reason):
        told.append(reason)

    with signals.campaign_held.connected_to(listen):
        send.deliver_due()

    assert len(told) == 1
    assert "550 5.7.28 unusual rate of mail" in told[0]
    held = ledger.counts_of(run.campaign_id)[HELD]
    assert held >= 10
    assert db.session.scalars(select(Suppression)).all() == []


def test_the_end_is_announced_once(bread, readers, launch, smtp):
    run = launch(bread)
    told = []

    def listen(campaign_id):
        told.append(campaign_id)

    with signals.campaign_quiet.connected_to(listen):
        send.deliver_due()
        send.deliver_due()

    assert told == [run.campaign_id]


def test_a_message_that_cannot_be_composed_blocks_nobody(bread, readers, launch, smtp):
    readers[0].email = "reader 0@example.com"
    db.session.commit()
    launch(bread)

    send.deliver_due()

    assert len(smtp.received) == 4
    row = deliveries()["reader 0@example.com"]
    assert row.state is REJECTED
    assert "is not an address" in row.reply


@pytest.mark.parametrize("answer", [CUT, TAKE_AND_CUT])
def test_silence_after_the_dot_is_shown_as_doubt_and_never_guessed(answer, bread, readers, launch, smtp):
    launch(bread)
    smtp.script = answering(dot=answer, to="reader-0@example.com")

    send.deliver_due()
    send.deliver_due()

    assert deliveries()["reader-0@example.com"].state is DeliveryState.IN_DOUBT
    assert len(smtp.received) == 4 + (answer == TAKE_AND_CUT)
