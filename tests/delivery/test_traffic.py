"""The lane heeds what is allowed: several servers, caps, and what mailbox domains bear."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from mailer.db import db
from mailer.delivery import health, send, sweep
from mailer.delivery.alone import deliver_alone
from mailer.delivery.limits import save_domain_limit, save_limits
from mailer.delivery.models import (
    Batch,
    Delivery,
    DeliveryState,
    LearnedPace,
    RouteHealth,
    Run,
    SentHour,
    Tls,
    Transport,
)
from mailer.delivery.pacing import Pacing
from mailer.lib.clock import utcnow
from tests import factories
from tests.delivery.conftest import deliveries, message_of
from tests.support.smtp import sink

ACCEPTED, PREPARED = DeliveryState.ACCEPTED, DeliveryState.PREPARED


@pytest.fixture(autouse=True)
def fresh_pacing(monkeypatch):
    """A process that has learned nothing yet."""
    monkeypatch.setattr(send, "_pacing", Pacing())


@pytest.fixture
def crowd(workspace, bread):
    """Add people of some mailbox domains."""

    def add(**counts):
        for name, count in counts.items():
            for number in range(count):
                factories.subscriber(workspace, f"r{number:03}@{name}.example", on=bread)

    return add


@pytest.fixture
def server(workspace):
    """Add one of Ana's servers."""

    def make(port, **values):
        row = Transport(
            workspace_id=workspace.id, host="127.0.0.1", port=port, tls=Tls.OFF, updated_at=utcnow(), **values
        )
        return factories.add(row)

    return make


def states():
    return Counter(row.state for row in deliveries().values())


def run_of(run):
    db.session.rollback()
    db.session.expire_all()
    return db.session.get(Run, run.campaign_id)


def wake(run):
    """Let what waits for its time be due."""
    db.session.rollback()
    now = utcnow()
    db.session.execute(update(Run).values(waits_until=None))
    db.session.execute(update(Delivery).where(Delivery.next_try_at.is_not(None)).values(next_try_at=now))
    db.session.execute(update(RouteHealth).values(failed_at=now - timedelta(hours=1), probing_until=None))
    db.session.commit()


def test_two_servers_share_one_campaign_by_weight(crowd, server, launch, bread):
    crowd(a=200)
    with sink() as one, sink() as other:
        server(one.port, weight=75)
        server(other.port, weight=25)
        launch(bread)

        send.deliver_due()

    assert len(one.received) + len(other.received) == 200
    assert 120 <= len(one.received) <= 180


def test_mail_leaves_by_the_server_of_its_domain(crowd, server, launch, bread):
    crowd(a=20)
    with sink() as bakery, sink() as cheese:
        server(bakery.port, from_domains=["bakery.example"])
        server(cheese.port, from_domains=["cheese.example"])
        launch(bread)

        send.deliver_due()

    assert (len(bakery.received), len(cheese.received)) == (20, 0)


def test_when_a_server_fails_the_others_take_over_at_once(crowd, server, launch, bread):
    crowd(a=40)
    with sink() as broken, sink() as spare:
        broken.script = lambda stage, recipient: "421 4.3.2 closed" if stage == "connect" else None
        first = server(broken.port, weight=100).public_id
        server(spare.port, weight=0)
        launch(bread)

        send.deliver_due()

    assert len(spare.received) == 40
    assert states() == {ACCEPTED: 40}
    assert health.troubles([first])[first].reply.startswith("421 4.3.2")


def test_a_wrong_password_at_one_server_stops_nothing_while_another_takes_the_mail(
    crowd, server, launch, bread
):
    crowd(a=10)
    with sink() as strict, sink() as other:
        strict.script = lambda stage, recipient: "554 5.7.1 go away" if stage == "connect" else None
        server(strict.port)
        server(other.port)
        run = launch(bread)

        send.deliver_due()

    assert len(other.received) == 10
    assert run_of(run).stopped_at is None


def test_a_server_that_is_back_is_found_by_one_batch_and_trusted_again(crowd, launch, bread, smtp):
    crowd(a=10)
    run = launch(bread)
    smtp.script = lambda stage, recipient: "421 4.3.2 closed" if stage == "connect" else None
    send.deliver_due()
    assert run_of(run).waits_until > utcnow()
    assert states() == {PREPARED: 10}
    smtp.script = lambda stage, recipient: None
    wake(run)

    send.deliver_due()

    assert states() == {ACCEPTED: 10}
    assert db.session.scalars(select(RouteHealth)).all() == []


def test_mail_that_no_server_takes_waits_and_says_why(crowd, server, launch, bread):
    crowd(a=3)
    server(25, from_domains=["cheese.example"])
    run = launch(bread)

    send.deliver_due()

    assert run_of(run).wait_reason == "No server of this workspace takes mail from bakery.example"
    assert states() == {PREPARED: 3}


def test_a_day_s_cap_holds_and_the_rest_goes_on_the_next(workspace, crowd, launch, bread, smtp):
    crowd(a=30)
    save_limits(workspace.id, per_hour=None, per_day=12, warm_up=None)
    run = launch(bread)

    for _ in range(3):
        send.deliver_due()

    assert len(smtp.received) == 12
    waiting = run_of(run)
    assert waiting.wait_reason == "12 of 12 messages of today are sent"
    assert waiting.waits_until > utcnow()
    assert db.session.scalars(select(Batch.worker)).all() == [None]
    save_limits(workspace.id, per_hour=None, per_day=None, warm_up=None)
    db.session.commit()
    send.deliver_due()
    assert states() == {ACCEPTED: 30}
    assert max(Counter(message.recipient for message in smtp.received).values()) == 1


def test_what_was_not_taken_over_is_given_back_to_the_cap(workspace, crowd, launch, bread, smtp):
    crowd(a=5, b=5)
    smtp.script = lambda stage, to: "450 4.2.0 later" if stage == "rcpt" and "@b." in to else None
    launch(bread)

    send.deliver_due()

    assert db.session.scalar(select(func.sum(SentHour.count))) == 5


def test_a_limited_domain_is_written_to_at_its_pace_and_nobody_waits_behind_it(
    workspace, crowd, launch, bread, smtp
):
    crowd(slow=60, quick=60)
    save_domain_limit(workspace.id, ["slow.example"], per_second=4.0, concurrent=None)
    run = launch(bread)

    send.deliver_due()

    slow = [message for message in smtp.received if "@slow." in message.recipient]
    assert len(smtp.received) - len(slow) == 60
    assert len(slow) <= 4 * 6
    later = [row for row in deliveries().values() if row.state is PREPARED]
    assert {row.attempt for row in later} == {0}
    assert len({row.next_try_at for row in later}) > len(later) / 2, "each has its own turn"
    assert run_of(run).ended_at is None


def test_a_domain_that_asks_to_slow_down_is_left_alone_and_all_workers_hear_it(crowd, launch, bread, smtp):
    crowd(slow=100, quick=50)
    smtp.script = lambda stage, to: (
        "451 4.7.28 unusual rate of mail" if stage == "rcpt" and "@slow." in to else None
    )
    launch(bread)

    send.deliver_due()

    tried = sum(row.attempt for row in deliveries().values() if "@slow." in row.email)
    assert states() == {ACCEPTED: 50, PREPARED: 100}
    assert tried <= 20, "not everybody had to find out"
    learned = db.session.scalars(select(LearnedPace)).one()
    assert learned.domain == "slow.example"
    assert learned.paused_until > utcnow() - timedelta(seconds=10)


def test_everybody_gets_it_in_the_end_and_once(crowd, launch, bread, smtp):
    crowd(slow=60, quick=20)
    refusals = Counter()

    def script(stage, to):
        if stage == "rcpt" and "@slow." in to and not refusals[to] and len(refusals) < 10:
            refusals[to] += 1
            return "421 4.7.0 too fast"
        return None

    smtp.script = script
    run = launch(bread)
    for _ in range(12):
        send.deliver_due()
        sweep.sweep_deliveries(now=utcnow())
        wake(run)
        send._pacing._throttles.clear()
        db.session.execute(LearnedPace.__table__.delete())
        db.session.commit()
        if states() == {ACCEPTED: 80}:
            break

    assert states() == {ACCEPTED: 80}
    assert max(Counter(message.recipient for message in smtp.received).values()) == 1
    assert run_of(run).ended_at is not None


def test_a_single_message_counts_and_passes_a_cap(workspace, smtp):
    save_limits(workspace.id, per_hour=1, per_day=1, warm_up=None)
    message = message_of(workspace, kind="transactional", subject="Hi", html="<p>Hi</p>", text="Hi")
    for number in range(3):
        email = f"one{number}@example.com"
        factories.add(
            Delivery(workspace_id=workspace.id, message_id=message.id, email=email, next_try_at=utcnow())
        )
    db.session.commit()

    deliver_alone()

    assert len(smtp.received) == 3
    assert db.session.scalar(select(func.sum(SentHour.count))) == 3
