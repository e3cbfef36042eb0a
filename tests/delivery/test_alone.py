"""Messages that belong to no campaign: the longest waiting first, many at once, none behind a slow server."""

import email
import email.policy
import time
from datetime import timedelta
from threading import Event

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from mailer.consent.models import SuppressionReason
from mailer.consent.suppress import suppress
from mailer.db import db
from mailer.delivery import alone
from mailer.delivery.alone import deliver_alone
from mailer.delivery.models import Attachment, Delivery, DeliveryState, MessageKind
from mailer.delivery.sweep import sweep_deliveries
from mailer.lib.clock import utcnow
from tests import factories
from tests.delivery.conftest import message_of
from tests.support.events import listening

BELL = ("deliver_transactional",)


@pytest.fixture
def waiting(workspace):
    """Make messages to one address each, the first of which waits longest."""

    def make(*addresses, **values):
        made = []
        for number, address in enumerate(addresses):
            message = message_of(
                workspace, kind=MessageKind.TRANSACTIONAL, subject="Hi", html="<p>Hi</p>", text="Hi", **values
            )
            due_at = utcnow() - timedelta(seconds=60 - number)
            made.append(
                factories.add(
                    Delivery(
                        workspace_id=workspace.id, message_id=message.id, email=address, next_try_at=due_at
                    )
                )
            )
        db.session.commit()
        return made

    return make


def test_everything_that_is_due_leaves_in_the_order_in_which_it_waited(waiting, smtp):
    addresses = [f"{number}@example.com" for number in range(30)]
    waiting(*addresses)

    deliver_alone()

    assert [each.recipient for each in smtp.received] == addresses
    assert set(db.session.scalars(select(Delivery.state))) == {DeliveryState.ACCEPTED}


def test_a_reader_of_ours_is_called_by_what_we_know_of_them(workspace, waiting, smtp):
    (delivery,) = waiting("ana@example.com")
    delivery.subscriber_id = factories.subscriber(workspace, email="ana@example.com", name="Ana").id
    delivery.message.text = "Hi {{ subscriber.name }}"
    db.session.commit()

    deliver_alone()

    sent = email.message_from_bytes(smtp.received[0].data, policy=email.policy.default)
    assert sent.get_body(("plain",)).get_content().strip() == "Hi Ana"


def test_what_is_not_due_stays(waiting, smtp):
    (early, late) = waiting("early@example.com", "late@example.com")
    late.next_try_at = utcnow() + timedelta(minutes=1)
    db.session.commit()

    deliver_alone()

    assert [each.recipient for each in smtp.received] == [early.email]


def test_the_gate_is_asked_about_each(workspace, waiting, smtp):
    waiting("ana@example.com", "gone@example.com", "sam@example.com")
    suppress(workspace.id, "gone@example.com", SuppressionReason.HARD_BOUNCE)
    db.session.commit()

    deliver_alone()

    assert [each.recipient for each in smtp.received] == ["ana@example.com", "sam@example.com"]


def test_one_that_is_refused_does_not_hold_the_others_up(waiting, smtp):
    waiting(*(f"{number}@example.com" for number in range(8)))
    smtp.script = lambda stage, recipient: (
        "550 5.1.1 No such user" if stage == "rcpt" and recipient.startswith("3@") else None
    )

    deliver_alone()

    states = {row.email: row.state for row in db.session.scalars(select(Delivery))}
    assert states.pop("3@example.com") is DeliveryState.REJECTED
    assert set(states.values()) == {DeliveryState.ACCEPTED}


def test_while_a_server_takes_its_time_the_others_are_let_go(waiting, smtp, queued, monkeypatch):
    monkeypatch.setattr(alone._pace, "together", 4)
    waiting(*(f"{number}@example.com" for number in range(4)))
    rung = []

    def take_time(stage, recipient):
        deadline = time.monotonic() + 20
        while recipient.startswith("1@") and BELL not in rung and time.monotonic() < deadline:
            rung[:] = queued()
            time.sleep(0.01)

    smtp.script = take_time

    deliver_alone()

    assert BELL in rung
    assert [each.recipient for each in smtp.received] == ["0@example.com", "1@example.com"]
    deliver_alone()
    assert len(smtp.received) == 4


def test_a_database_that_goes_meanwhile_costs_no_message_its_answer(waiting, smtp, monkeypatch, caplog):
    monkeypatch.setattr(alone, "_SLOW_SECONDS", 60.0)
    monkeypatch.setattr(alone._pace, "together", 2)
    waiting("0@example.com", "1@example.com")
    is_in_hand, has_gone = Event(), Event()

    def take_time(stage, recipient):
        if stage == "dot":
            is_in_hand.set()
            monkeypatch.setattr(alone, "_SLOW_SECONDS", 0.0)
            has_gone.wait(timeout=20)

    def go(connection, cursor, statement, *rest):
        if is_in_hand.is_set() and not has_gone.is_set():
            has_gone.set()
            raise OperationalError(statement, {}, Exception("the server closed the connection"))

    smtp.script = take_time

    with listening(db.engine, "before_cursor_execute", go):
        deliver_alone()

    assert "The database is away" in caplog.text
    assert smtp.connections == 1
    assert [each.recipient for each in smtp.received] == ["0@example.com"]
    states = {row.email: row.state for row in db.session.scalars(select(Delivery))}
    assert states == {"0@example.com": DeliveryState.ACCEPTED, "1@example.com": DeliveryState.PREPARED}


def test_what_was_taken_together_waits_for_no_slow_one(waiting, smtp, queued, monkeypatch):
    monkeypatch.setattr(alone, "_SLOW_SECONDS", 0.0)
    monkeypatch.setattr(alone._pace, "together", 4)
    waiting(*(f"{number}@example.com" for number in range(4)))

    deliver_alone()

    assert [each.recipient for each in smtp.received] == ["0@example.com"]
    assert BELL in queued()


def test_only_so_many_files_are_held_at_once(waiting, smtp, monkeypatch):
    monkeypatch.setattr(alone, "_HEAVIEST", 10)
    for delivery in waiting(*(f"{number}@example.com" for number in range(6)), attachment_count=1):
        factories.add(
            Attachment(
                message_id=delivery.message_id,
                name="a.txt",
                content_type="text/plain",
                byte_count=8,
                content=b"8 bytes.",
            )
        )
    db.session.commit()

    deliver_alone()

    assert len(smtp.received) == 6


def test_the_sweep_rings_for_what_nobody_was_told_of(waiting, queued):
    waiting(*(f"{number}@example.com" for number in range(3)))

    sweep_deliveries(now=utcnow())

    assert queued().count(BELL) == 1
