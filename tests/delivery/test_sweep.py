"""What is found after something died."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from mailer import signals
from mailer.current import settings
from mailer.db import db
from mailer.delivery import claim, journal, ledger, prepare, routes, runs, send, sweep
from mailer.delivery.engine.outcomes import Outcome, Verdict
from mailer.delivery.engine.ports import LeaseLost
from mailer.delivery.journal import Journal
from mailer.delivery.lane import Lane
from mailer.delivery.ledger import Result
from mailer.delivery.models import Batch, Delivery, DeliveryState, Run
from mailer.lib.clock import utcnow
from tests.delivery.conftest import deliveries

ACCEPTED, IN_DOUBT, PREPARED = DeliveryState.ACCEPTED, DeliveryState.IN_DOUBT, DeliveryState.PREPARED


class Killed(BaseException):
    """The process is gone: nothing that would clean up catches this."""


@pytest.fixture(autouse=True)
def _no_old_journals(request):
    """Forget what another test's dead workers left on disk."""
    if "app" in request.fixturenames:
        for path in journal.folder(request.getfixturevalue("settings").data_dir).glob("*"):
            path.unlink()


def make_due():
    """Let the time pass that a crash costs."""
    db.session.execute(update(Delivery).where(Delivery.next_try_at.is_not(None)).values(next_try_at=utcnow()))
    db.session.execute(update(Batch).values(due_at=utcnow()))
    db.session.commit()


def at_nth(monkeypatch, owner, name, number, *, after=False):
    """Die when something is done for the nth time, before or after it is done."""
    original, calls = getattr(owner, name), [0]

    def deadly(*args, **kwargs):
        calls[0] += 1
        if calls[0] == number and not after:
            raise Killed
        answer = original(*args, **kwargs)
        if calls[0] == number:
            raise Killed
        return answer

    monkeypatch.setattr(owner, name, deadly)


#: Where it dies, what is killed there, and how many are in doubt for it.
CRASH_POINTS = {
    "after the claim": (Lane, "_round", 1, False, 0),
    # The reply before it is written at the end of the round: at most one for each connection.
    "while composing": (Journal, "composed", 3, False, 1),
    "before the intent": (Journal, "intends", 3, False, 0),
    "after the intent": (Journal, "intends", 3, True, 1),
    "before the reply is noted": (Journal, "answered", 3, False, 1),
    "before the reply is written down": (Journal, "answered", 3, True, 1),
    "before the outcomes are recorded": (Lane, "_checkpoint", 1, False, 0),
    "before the outcomes are committed": (Lane, "_finish", 1, False, 0),
    "after the outcomes are committed": (Lane, "_checkpoint", 1, True, 0),
}


@pytest.mark.parametrize("point", CRASH_POINTS)
def test_whoever_dies_wherever_nobody_is_lost_and_nobody_is_mailed_twice(
    point, bread, readers, launch, smtp, monkeypatch
):
    owner, name, number, after, in_doubt = CRASH_POINTS[point]
    monkeypatch.setattr(routes, "CONNECTIONS", 1)
    run = launch(bread)
    campaign_id = run.campaign_id
    with monkeypatch.context() as patch:
        at_nth(patch, owner, name, number, after=after)
        with pytest.raises(Killed):
            send.deliver_due()
    db.session.rollback()

    sweep.sweep_deliveries(now=utcnow())
    make_due()
    send.deliver_due()

    states = Counter(row.state for row in deliveries().values())
    received = Counter(message.recipient for message in smtp.received)
    assert states == +Counter({ACCEPTED: 5 - in_doubt, IN_DOUBT: in_doubt})
    assert max(received.values()) == 1
    assert len(received) >= 5 - in_doubt
    assert ledger.counts_of(campaign_id) == states
    assert list(journal.folder(settings().data_dir).glob("*")) == []


def test_who_was_still_past_the_lease_sends_nothing_more_and_leaves_no_doubt(
    bread, readers, launch, smtp, monkeypatch
):
    run = launch(bread)

    def too_late(self, parcels):
        raise LeaseLost

    with monkeypatch.context() as patch:
        patch.setattr(Lane, "intend", too_late)
        send.deliver_due()
    db.session.rollback()
    assert smtp.received == []

    sweep.sweep_deliveries(now=utcnow())
    make_due()
    send.deliver_due()

    assert ledger.counts_of(run.campaign_id) == {ACCEPTED: 5}
    assert len(smtp.received) == 5


def test_a_living_worker_s_claims_are_left_alone(bread, readers, launch):
    run = launch(bread)
    alive = Journal(journal.folder(settings().data_dir))
    claim.claim_batch(run, worker=alive.name, now=utcnow())
    db.session.execute(update(Batch).values(lease_expires_at=utcnow() - timedelta(days=1)))
    db.session.commit()

    sweep.sweep_deliveries(now=utcnow())

    assert {row.state for row in deliveries().values()} == {PREPARED}
    assert db.session.scalars(select(Batch.worker)).all() == [alive.name]
    alive.remove()


def test_a_host_that_is_gone_leaves_doubt_once_its_lease_is_over(bread, readers, launch):
    run = launch(bread)
    claim.claim_batch(run, worker="another-host-1", now=utcnow())
    db.session.commit()

    sweep.sweep_deliveries(now=utcnow())
    assert {row.state for row in deliveries().values()} == {PREPARED}
    sweep.sweep_deliveries(now=utcnow() + claim.lease() + timedelta(seconds=1))

    assert {row.state for row in deliveries().values()} == {IN_DOUBT}
    assert ledger.counts_of(run.campaign_id) == {IN_DOUBT: 5}


def test_an_answer_that_comes_after_all_resolves_the_doubt(bread, readers, launch):
    run = launch(bread)
    claimed = claim.claim_batch(run, worker="slow-host-1", now=utcnow())
    db.session.commit()
    sweep.sweep_deliveries(now=utcnow() + claim.lease() + timedelta(seconds=1))

    late = [Result(delivery, Outcome(Verdict.ACCEPTED, "250 ok", 250)) for delivery in claimed.deliveries]
    held = ledger.hold([claimed.id], worker="slow-host-1", now=utcnow())
    written = ledger.record(late, held=held, now=utcnow(), first_retry_seconds=60)
    db.session.commit()

    assert len(written) == 5
    assert ledger.counts_of(run.campaign_id) == {ACCEPTED: 5}


def test_an_answer_under_a_claim_that_is_someone_else_s_is_not_written(bread, readers, launch):
    run = launch(bread)
    claimed = claim.claim_batch(run, worker="slow-host-1", now=utcnow())
    ledger.put_back(claimed.id, worker="slow-host-1", due_at=utcnow())
    claim.claim_batch(run, worker="host-2", now=utcnow())

    late = [Result(delivery, Outcome(Verdict.ACCEPTED, "250 ok", 250)) for delivery in claimed.deliveries]
    held = ledger.hold([claimed.id], worker="slow-host-1", now=utcnow())
    written = ledger.record(late, held=held, now=utcnow(), first_retry_seconds=60)
    db.session.commit()

    assert written == []
    assert {row.state for row in deliveries().values()} == {PREPARED}
    assert db.session.scalars(select(Batch.worker)).all() == ["host-2"]


def test_after_a_reboot_what_has_no_answer_is_in_doubt(bread, readers, launch, monkeypatch):
    run = launch(bread)
    dead = Journal(journal.folder(settings().data_dir))
    claimed = claim.claim_batch(run, worker=dead.name, now=utcnow())
    db.session.commit()
    dead.intends([claimed.deliveries[0].id])
    dead.answered(claimed.deliveries[0].id, Outcome(Verdict.ACCEPTED, "250 ok", 250))
    dead.flush()
    dead.leave()
    monkeypatch.setattr(journal, "_boot_id", lambda: "another boot")

    sweep.sweep_deliveries(now=utcnow())

    assert ledger.counts_of(run.campaign_id) == {ACCEPTED: 1, IN_DOUBT: 4}


def test_a_row_that_kills_its_worker_three_times_is_rejected_and_blocks_nobody(
    bread, readers, launch, smtp, monkeypatch
):
    run = launch(bread)
    campaign_id = run.campaign_id
    poison = deliveries()["reader-2@example.com"].id
    original = Journal.composing

    def deadly(self, delivery_id):
        original(self, delivery_id)
        if delivery_id == poison:
            raise Killed

    monkeypatch.setattr(Journal, "composing", deadly)
    for _ in range(sweep.CRASH_LIMIT):
        make_due()
        with pytest.raises(Killed):
            send.deliver_due()
        db.session.rollback()
        sweep.sweep_deliveries(now=utcnow())
    send.deliver_due()

    row = deliveries()["reader-2@example.com"]
    assert row.state is DeliveryState.REJECTED
    assert "died 3 times" in row.reply
    assert ledger.counts_of(campaign_id) == {ACCEPTED: 4, DeliveryState.REJECTED: 1}


def test_work_that_nobody_was_told_of_is_asked_for(bread, readers, launch, broker, queued):
    launch(bread)
    broker.flush_all()

    sweep.sweep_deliveries(now=utcnow())

    assert queued() == [("deliver_due",)]


def test_a_preparation_that_died_goes_on(bread, readers, launch, broker, queued, monkeypatch):
    run = launch(bread, is_prepared=False)
    prepare.prepare_next(run, now=utcnow(), rows=2)
    db.session.commit()
    broker.flush_all()

    sweep.sweep_deliveries(now=utcnow())
    assert ("prepare_campaign", str(run.campaign_id)) not in queued()

    soon = utcnow() + prepare._TURN
    monkeypatch.setattr(prepare, "utcnow", lambda: soon)
    sweep.sweep_deliveries(now=soon)
    assert ("prepare_campaign", str(run.campaign_id)) in queued()
    prepare.prepare_campaign(run.campaign_id)

    assert ledger.counts_of(run.campaign_id) == {PREPARED: 5}


def test_a_paused_run_is_left_alone(bread, readers, launch, broker, queued):
    run = launch(bread)
    runs.stop(run.campaign_id, now=utcnow())
    db.session.commit()
    broker.flush_all()

    sweep.sweep_deliveries(now=utcnow())

    assert queued() == []


def test_what_a_worker_held_when_the_campaign_was_cancelled_is_skipped(bread, readers, launch):
    run = launch(bread, is_prepared=False)
    while prepare.prepare_next(run, now=utcnow(), rows=2):
        db.session.commit()
    held = claim.claim_batch(run, worker="w", now=utcnow())
    runs.cancel(run.campaign_id, now=utcnow())
    db.session.commit()
    assert ledger.counts_of(run.campaign_id) == {DeliveryState.SKIPPED: 3, PREPARED: 2}
    ledger.put_back(held.id, worker="w", due_at=utcnow())
    db.session.commit()

    sweep.sweep_deliveries(now=utcnow())

    assert ledger.counts_of(run.campaign_id) == {DeliveryState.SKIPPED: 5}
    assert db.session.get(Run, run.campaign_id).ended_at is not None


def test_nobody_on_the_list_is_an_end_too(bread, launch):
    told = []

    def listen(campaign_id):
        told.append(campaign_id)

    run = launch(bread)
    with signals.campaign_quiet.connected_to(listen):
        sweep.sweep_deliveries(now=utcnow())

    assert told == [run.campaign_id]


def test_who_waits_in_a_batch_that_is_no_more_is_found(bread, readers, launch, smtp):
    run = launch(bread)
    db.session.execute(delete(Batch))
    db.session.commit()

    sweep.sweep_deliveries(now=utcnow())
    send.deliver_due()

    assert ledger.counts_of(run.campaign_id) == {ACCEPTED: 5}
