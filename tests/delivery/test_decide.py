"""What operators decide about deliveries that stopped, however many they are."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from mailer.campaigns.models import Campaign, CampaignStatus
from mailer.consent.models import Suppression
from mailer.db import db
from mailer.delivery import decide as decisions
from mailer.delivery import ledger, queries, runs, selection, send
from mailer.delivery.decide import carry_out_decision, decide, sweep_decisions
from mailer.delivery.limits import save_limits
from mailer.delivery.models import Decision, DecisionKind, Delivery, DeliveryState, Run, Standing
from mailer.delivery.selection import Selection
from mailer.errors import Conflict, Invalid
from mailer.jobs import CARRY_OUT_DECISION
from mailer.lib.clock import utcnow
from tests import factories
from tests.delivery.conftest import deliveries
from tests.support.smtp import as_usual

BUSY, POLICY = "450 4.2.1 busy", "550 5.7.1 not you"


@pytest.fixture
def stuck(ben, bread, readers, launch, smtp):
    """A campaign with two deferred deliveries, two held ones and one accepted."""
    replies = dict(zip([reader.email for reader in readers], (BUSY, BUSY, POLICY, POLICY), strict=False))
    run = launch(bread)
    smtp.script = lambda stage, recipient: replies.get(recipient) if stage == "rcpt" else None
    send.deliver_due()
    smtp.script = as_usual
    return db.session.get_one(Run, run.campaign_id)


@pytest.fixture
def in_steps_of_one(monkeypatch):
    monkeypatch.setattr(decisions, "_AT_ONCE", 1)


def decided(run, kind, standing, ben, ids=None, **narrowed):
    chosen = Selection.of(run, standing, **narrowed)
    decision = decide(run, kind, chosen, ids, by=ben, now=utcnow())
    db.session.commit()
    return decision


def states():
    return [row.state.value for _, row in sorted(deliveries().items())]


def test_each_stands_where_it_is_looked_for(workspace, stuck):
    counts = {each.standing: each.count for each in selection.standings(workspace, stuck)}

    assert counts == {Standing.DEFERRED: 2, Standing.HELD: 2, Standing.ACCEPTED: 1}


def test_what_was_put_off_is_tried_at_once(stuck, ben, smtp):
    decision = decided(stuck, DecisionKind.RETRY, Standing.DEFERRED, ben)
    db.session.rollback()
    send.deliver_due()

    assert decision.moved_count == 2
    assert states() == ["accepted", "accepted", "held", "held", "accepted"]


def test_giving_up_names_who_did_and_suppresses_nobody(stuck, ben):
    decided(stuck, DecisionKind.GIVE_UP, Standing.DEFERRED, ben)
    decided(stuck, DecisionKind.GIVE_UP, Standing.HELD, ben)

    rows = deliveries()
    assert states() == ["rejected"] * 4 + ["accepted"]
    assert rows["reader-0@example.com"].reply == f"Given up by Ben: {BUSY}"
    assert db.session.scalars(select(Suppression)).all() == []
    assert ledger.counts_of(stuck.campaign_id) == {DeliveryState.REJECTED: 4, DeliveryState.ACCEPTED: 1}


def test_a_campaign_ends_once_the_last_is_given_up(stuck, ben):
    decided(stuck, DecisionKind.GIVE_UP, Standing.DEFERRED, ben)
    decided(stuck, DecisionKind.GIVE_UP, Standing.HELD, ben)

    runs.end_when_quiet(stuck.campaign_id, now=utcnow())
    db.session.commit()

    assert db.session.get(Campaign, stuck.campaign_id).status is CampaignStatus.FINISHED


def test_only_what_was_ticked_is_moved(stuck, ben):
    chosen = [deliveries()["reader-2@example.com"].id]

    decision = decided(stuck, DecisionKind.GIVE_UP, Standing.HELD, ben, chosen)

    assert (decision.moved_count, decision.is_for_all, decision.made_by) == (1, False, "Ben")
    assert states() == ["prepared", "prepared", "rejected", "held", "accepted"]


def test_ticked_ones_that_moved_on_meanwhile_are_let_be(stuck, ben):
    chosen = [row.id for row in deliveries().values()]

    decision = decided(stuck, DecisionKind.GIVE_UP, Standing.HELD, ben, chosen)

    assert decision.moved_count == 2
    assert states() == ["prepared", "prepared", "rejected", "rejected", "accepted"]


def test_all_that_match_are_narrowed_by_words_domain_and_address(stuck, ben):
    for narrowed in ({"words": "450 … gone"}, {"domain": "ample.com"}, {"search": "nobody"}):
        assert decided(stuck, DecisionKind.GIVE_UP, Standing.DEFERRED, ben, **narrowed).moved_count == 0

    decision = decided(
        stuck, DecisionKind.GIVE_UP, Standing.DEFERRED, ben, words=BUSY, domain="example.com", search="DER-1"
    )

    assert decision.moved_count == 1
    assert deliveries()["reader-1@example.com"].state is DeliveryState.REJECTED


def test_many_are_moved_by_a_job_in_parts(stuck, ben, queued, in_steps_of_one):
    decision = decided(stuck, DecisionKind.GIVE_UP, Standing.HELD, ben)
    assert (decision.moved_count, decision.ended_at) == (1, None)
    assert (CARRY_OUT_DECISION.name, str(decision.id)) in queued()

    for _ in range(2):
        carry_out_decision(decision.id, now=utcnow())
        db.session.commit()

    assert decision.ended_at is not None
    assert decision.moved_count == 2
    carry_out_decision(decision.id, now=utcnow())
    assert decision.moved_count == 2


def test_what_comes_back_meanwhile_is_not_decided_about_twice(stuck, ben, smtp, in_steps_of_one):
    decision = decided(stuck, DecisionKind.RETRY, Standing.HELD, ben)
    db.session.rollback()
    smtp.script = lambda stage, recipient: POLICY if stage == "rcpt" else None
    send.deliver_due()

    for _ in range(3):
        carry_out_decision(decision.id, now=utcnow())
        db.session.commit()

    assert decision.moved_count == 2
    assert decision.ended_at is not None


def test_a_lost_job_is_rung_for_again(stuck, ben, broker, queued, in_steps_of_one):
    decision = decided(stuck, DecisionKind.GIVE_UP, Standing.HELD, ben)
    broker.flush_all()

    sweep_decisions()
    db.session.commit()

    assert queued() == [(CARRY_OUT_DECISION.name, str(decision.id))]


def test_nothing_of_a_cancelled_campaign_is_sent(stuck, ben):
    runs.cancel(stuck.campaign_id, now=utcnow())
    db.session.commit()

    with pytest.raises(Conflict):
        decided(stuck, DecisionKind.RETRY, Standing.HELD, ben)
    db.session.rollback()
    assert decided(stuck, DecisionKind.GIVE_UP, Standing.HELD, ben).moved_count == 2


@pytest.mark.parametrize(
    ("kind", "standing"),
    [
        (DecisionKind.RETRY, Standing.REJECTED),
        (DecisionKind.RETRY, Standing.IN_DOUBT),
        (DecisionKind.GIVE_UP, Standing.PREPARED),
        (DecisionKind.ARRIVED, Standing.HELD),
        (DecisionKind.SEND_AGAIN, Standing.ACCEPTED),
    ],
)
def test_what_makes_no_sense_is_refused(stuck, ben, kind, standing):
    with pytest.raises(Invalid):
        decided(stuck, kind, standing, ben)

    db.session.rollback()
    assert db.session.scalars(select(Decision)).all() == []


def test_another_workspace_s_selection_finds_nothing(stuck, other_workspace):
    theirs = Selection(other_workspace.id, stuck.campaign_id, Standing.HELD)

    assert selection.newest(theirs, after=None).rows == []
    assert selection.next_ids(theirs, after=None, size=10) == ([], None)
    assert selection.count_up_to(theirs, 10) == 0
    assert selection.groups(theirs).looked_at == 0
    assert list(selection.export(theirs)) == []


def test_replies_and_mailboxes_are_counted(stuck):
    groups = selection.groups(Selection.of(stuck, Standing.DEFERRED))

    assert groups.words == [(BUSY, 2)]
    assert groups.domains == [("example.com", 2)]


def test_a_narrowed_list_is_looked_through_in_windows(workspace, bread, launch, smtp, monkeypatch):
    for number in range(7):
        factories.subscriber(workspace, f"r{number}@{'rare' if number == 0 else 'usual'}.example", on=bread)
    run = launch(bread)
    smtp.script = lambda stage, recipient: "550 5.1.1 gone" if stage == "rcpt" else None
    send.deliver_due()
    monkeypatch.setattr(selection, "_WINDOW", 2)
    rare = Selection.of(run, Standing.REJECTED, domain="rare.example")

    pages, after = [], None
    while True:
        found = selection.newest(rare, after=after)
        pages.append([row.email for row in found.rows])
        if found.after is None:
            break
        after = found.after

    assert [email for page in pages for email in page] == ["r0@rare.example"]
    assert len(pages) == 4


def test_the_export_goes_through_every_window(stuck, monkeypatch):
    monkeypatch.setattr(selection, "_EXPORT_WINDOW", 1)

    for standing, number in ((Standing.HELD, 2), (Standing.DEFERRED, 2), (Standing.ACCEPTED, 1)):
        assert len(list(selection.export(Selection.of(stuck, standing)))) == number


def test_a_workspace_chooses_how_long_it_tries(workspace, stuck, smtp, time_machine_at):
    save_limits(workspace.id, per_hour=None, per_day=None, warm_up=None, give_up_after_hours=5)
    db.session.commit()
    smtp.script = lambda stage, recipient: BUSY if stage == "rcpt" else None

    with time_machine_at(utcnow() + timedelta(hours=4)):
        send.deliver_due()
    assert deliveries()["reader-0@example.com"].state is DeliveryState.PREPARED
    db.session.execute(
        Delivery.__table__.update().where(Delivery.attention == "deferred").values(next_try_at=utcnow())
    )
    db.session.commit()
    with time_machine_at(utcnow() + timedelta(hours=6)):
        send.deliver_due()

    row = deliveries()["reader-0@example.com"]
    assert (row.state, row.reply) == (DeliveryState.REJECTED, f"Given up after 5 hours: {BUSY}")


@pytest.mark.parametrize("few", [0, 20])
def test_those_that_wait_are_found_in_batches_and_alone(workspace, bread, readers, launch, monkeypatch, few):
    monkeypatch.setattr(queries, "_FEW_BATCHES", few)
    run = launch(bread)
    postponed, deferred = list(deliveries().values())[:2]
    for row, attempt in ((postponed, 0), (deferred, 1)):
        row.batch_id, row.next_try_at, row.attempt = None, utcnow(), attempt
    db.session.commit()
    run = db.session.get_one(Run, run.campaign_id)

    waiting = db.session.scalars(queries.deliveries_in(workspace, run, Standing.PREPARED)).all()

    assert {row.email for row in waiting} == {reader.email for reader in readers} - {deferred.email}
