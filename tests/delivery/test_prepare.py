"""Who becomes a delivery, and that each becomes one."""

from mailer.audience.models import SubscriptionStatus
from mailer.db import db
from mailer.delivery import ledger, prepare
from mailer.delivery.models import DeliveryState, Run
from mailer.lib.clock import utcnow
from tests import factories
from tests.delivery.conftest import deliveries


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
