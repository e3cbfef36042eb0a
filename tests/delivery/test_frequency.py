"""Caps: enough is enough, by the workspace's number, a list's, or the subscriber's own wish."""

import threading
from datetime import timedelta

import pytest

from mailer.consent.change_policy import change_policy
from mailer.consent.models import AddressDetail
from mailer.db import db
from mailer.delivery.claim import claim_batch
from mailer.delivery.models import Delivery, DeliveryState, Run, SkipReason
from mailer.lib.clock import utcnow
from tests import factories

DAY = timedelta(days=1)


@pytest.fixture
def rosa(workspace, bread):
    return factories.subscriber(workspace, "rosa@example.com", on=bread)


@pytest.fixture
def after(launch, bread, rosa):
    """Let Rosa have got a campaign some time ago, launch another, and tell what becomes of that."""

    def claim(ago):
        earlier, now = launch(bread), launch(bread)
        db.session.query(Delivery).filter_by(campaign_id=earlier.campaign_id).update(
            {
                Delivery.state: DeliveryState.ACCEPTED,
                Delivery.ended_at: utcnow() - ago,
                Delivery.next_try_at: None,
            }
        )
        db.session.commit()
        claim_batch(now, worker="w", now=utcnow())
        db.session.commit()
        return db.session.query(Delivery.skip_reason).filter_by(campaign_id=now.campaign_id).scalar()

    return claim


def no_cap(workspace, bread, rosa):
    pass


def of_the_workspace(workspace, bread, rosa):
    change_policy(
        workspace.id,
        address_detail=AddressDetail.FULL,
        address_days=None,
        most_per_day=1,
        most_per_week=None,
    )


def of_the_list(workspace, bread, rosa):
    bread.most_per_week = 1


def of_another_list(workspace, bread, rosa):
    factories.mailing_list(workspace, "Cake").most_per_week = 1


def two_a_week(workspace, bread, rosa):
    bread.most_per_week = 2


def of_her_own(workspace, bread, rosa):
    rosa.days_between = 30


@pytest.mark.parametrize(
    ("cap", "ago", "reason"),
    [
        (no_cap, timedelta(), None),
        (of_the_workspace, DAY / 2, SkipReason.FREQUENCY),
        (of_the_workspace, DAY, None),
        (of_the_list, 3 * DAY, SkipReason.FREQUENCY),
        (of_the_list, 7 * DAY, None),
        (of_another_list, DAY, None),
        (two_a_week, DAY, None),
        (of_her_own, 20 * DAY, SkipReason.FREQUENCY),
        (of_her_own, 31 * DAY, None),
    ],
)
def test_who_has_had_enough_is_skipped_with_the_reason(workspace, bread, rosa, after, cap, ago, reason):
    cap(workspace, bread, rosa)
    db.session.commit()

    assert after(ago) is reason


@pytest.mark.parametrize("cap", [of_the_workspace, of_her_own])
def test_of_two_campaigns_claimed_together_one_goes_to_who_wants_one(
    app, workspace, bread, rosa, launch, cap
):
    cap(workspace, bread, rosa)
    runs = [launch(bread), launch(bread)]
    ids = [run.campaign_id for run in runs]
    db.session.commit()
    both_are_here = threading.Barrier(2)
    troubles = []

    def claim(campaign_id):
        with app.app_context():
            try:
                run = db.session.get(Run, campaign_id)
                db.session.rollback()
                both_are_here.wait(60)
                claim_batch(run, worker=f"w {campaign_id}", now=utcnow())
                db.session.commit()
            except Exception as error:
                troubles.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=claim, args=(campaign_id,)) for campaign_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert troubles == []
    reasons = [reason for (reason,) in db.session.query(Delivery.skip_reason)]
    assert sorted(reasons, key=str) == [None, SkipReason.FREQUENCY]
