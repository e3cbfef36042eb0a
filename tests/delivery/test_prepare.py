"""Who becomes a delivery, and that each becomes one."""

import re
from uuid import RFC_4122

import pytest
from sqlalchemy import select, text

from mailer.audience.models import SubscriptionStatus
from mailer.db import db
from mailer.delivery import claim, ledger, prepare, runs, sweep
from mailer.delivery.models import Batch, DeliveryState, Run
from mailer.lib.clock import utcnow
from tests import factories
from tests.delivery.conftest import deliveries
from tests.support.events import listening


def test_everybody_on_the_lists_gets_one_delivery(workspace, bread, readers, launch):
    cakes = factories.mailing_list(workspace, "Cakes")
    for person in readers[:3]:
        factories.subscription(person, cakes)
    factories.subscriber(workspace, "only-cakes@example.com", on=cakes)

    run = launch(bread, cakes)

    made = deliveries()
    assert len(made) == 6
    assert made["reader-0@example.com"].list_id == bread.id
    assert made["only-cakes@example.com"].list_id == cakes.id
    assert ledger.counts_of(run.campaign_id) == {DeliveryState.PREPARED: 6}
    assert db.session.get(Run, run.campaign_id).prepared_at is not None


def test_those_who_never_confirmed_and_other_workspaces_are_left_out(
    workspace, other_workspace, bread, readers, launch
):
    factories.subscriber(workspace, "pending@example.com", on=bread, status=SubscriptionStatus.PENDING)
    theirs = factories.mailing_list(other_workspace, "Cheese")
    factories.subscriber(other_workspace, "cheese@example.com", on=theirs)

    launch(bread)

    assert set(deliveries()) == {f"reader-{number}@example.com" for number in range(5)}


def test_pages_join_up_and_running_twice_changes_nothing(bread, readers, launch):
    run = launch(bread, is_prepared=False)

    while prepare.prepare_next(run, now=utcnow(), rows=2):
        db.session.commit()
    db.session.commit()
    prepare.prepare_campaign(run.campaign_id)

    assert len(deliveries()) == 5
    assert ledger.counts_of(run.campaign_id) == {DeliveryState.PREPARED: 5}


def test_sending_is_asked_for_as_soon_as_the_first_are_there(bread, readers, launch, queued):
    launch(bread)

    assert ("deliver_due",) in queued()


@pytest.fixture
def in_pairs(monkeypatch):
    """Two deliveries in a transaction, on either database."""
    monkeypatch.setattr(prepare, "_SLICES", dict.fromkeys(prepare._SLICES, 2))


def test_others_write_while_a_batch_is_made_and_nobody_claims_it_before_it_is_whole(
    in_pairs, bread, readers, launch, monkeypatch
):
    seen = []

    def look():
        run = db.session.scalars(select(Run)).one()
        claimed = claim.claim_batch(run, worker="w", now=utcnow())
        made = ledger.counts_of(run.campaign_id)[DeliveryState.PREPARED]
        seen.append((made, claimed and len(claimed.deliveries)))
        db.session.rollback()

    monkeypatch.setattr(prepare, "let_others_write", look)

    launch(bread)

    assert seen == [(0, None), (2, None), (4, None), (5, 5)]


def test_a_batch_whose_maker_died_goes_on_as_it_is(in_pairs, bread, readers, launch, monkeypatch):
    run = launch(bread, is_prepared=False)
    campaign_id = run.campaign_id

    def die():
        if ledger.counts_of(campaign_id):
            raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(prepare, "let_others_write", die)
        with pytest.raises(SystemExit):
            prepare.prepare_campaign(campaign_id)
    db.session.rollback()
    monkeypatch.setattr(prepare, "utcnow", lambda: utcnow() + prepare._TURN)
    prepare.prepare_campaign(campaign_id)

    later = utcnow() + prepare._TURN + prepare._MAKING
    sizes = [len(claim.claim_batch(run, worker="w", now=later).deliveries) for _ in range(2)]
    assert sorted(sizes) == [2, 3]
    assert ledger.counts_of(campaign_id) == {DeliveryState.PREPARED: 5}


def test_one_at_a_time_makes_them_however_often_it_is_asked_for(
    in_pairs, bread, readers, launch, monkeypatch
):
    run = launch(bread, is_prepared=False)
    campaign_id = run.campaign_id
    made = []

    def ask_again():
        sweep.sweep_deliveries(now=utcnow())
        made.append(ledger.counts_of(campaign_id)[DeliveryState.PREPARED])
        db.session.rollback()
        prepare.prepare_campaign(campaign_id)

    monkeypatch.setattr(prepare, "let_others_write", ask_again)

    prepare.prepare_campaign(campaign_id)

    assert made == [0, 2, 4, 5]


def test_what_is_cancelled_while_a_batch_is_made_is_skipped(in_pairs, bread, readers, launch, monkeypatch):
    run = launch(bread, is_prepared=False)
    campaign_id = run.campaign_id

    def cancel():
        if ledger.counts_of(campaign_id):
            runs.cancel(campaign_id, now=utcnow())
        db.session.commit()

    monkeypatch.setattr(prepare, "let_others_write", cancel)

    prepare.prepare_campaign(campaign_id)

    assert ledger.counts_of(campaign_id) == {DeliveryState.SKIPPED: 2}
    assert db.session.scalars(select(Batch)).all() == []


def test_each_delivery_has_an_id_of_its_own_that_sorts_by_time(bread, readers, launch):
    began = utcnow()
    launch(bread)

    ids = [each.id for each in deliveries().values()]
    assert len(set(ids)) == 5
    assert {(each.version, each.variant) for each in ids} == {(7, RFC_4122)}
    assert all(0 <= (each.int >> 80) - int(began.timestamp() * 1000) < 60_000 for each in ids)


def test_postgresql_looks_each_reader_up_whatever_its_statistics_say(workspace, bread, readers, launch):
    if db.session.get_bind().dialect.name != "postgresql":
        pytest.skip("SQLite keeps no statistics and looks each reader up.")
    db.session.execute(text("ANALYZE subscribers, subscriptions"))
    for number in range(200):
        factories.subscriber(workspace, f"late-{number}@example.com", on=bread)
    run = launch(bread, is_prepared=False)
    plans = []

    def explain(connection, cursor, statement, values, *_):
        if statement.startswith("INSERT INTO deliveries"):
            with cursor.connection.cursor() as own:
                own.execute("SAVEPOINT before")
                # A small table would be read as a whole.
                own.execute("SET LOCAL enable_seqscan = off")
                plans.append(own.execute(f"EXPLAIN ANALYZE {statement}", values).fetchall())
                own.execute("ROLLBACK TO SAVEPOINT before")

    with listening(db.engine, "before_cursor_execute", explain):
        prepare.prepare_campaign(run.campaign_id)
    said = "\n".join(line for plan in plans for (line,) in plan)

    assert len(deliveries()) == 205
    assert re.search(r"Index Cond: .*\bid = subscriptions.subscriber_id", said)
    assert "Join" not in said
