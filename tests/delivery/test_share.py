"""Workspaces and campaigns take turns by weight."""

import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from mailer.campaigns.models import CampaignStatus
from mailer.db import db
from mailer.delivery import share
from mailer.delivery.models import Delivery, DeliveryState, Run
from tests import factories
from tests.delivery.conftest import message_of

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def under_way(workspace, *, weight=100, is_due=True, **values):
    message = message_of(workspace)
    campaign = factories.campaign(workspace, status=CampaignStatus.SENDING, message_id=message.id)
    run = factories.add(
        Run(
            campaign_id=campaign.id,
            workspace_id=workspace.id,
            message_id=message.id,
            list_ids=[],
            started_at=NOON,
            weight=weight,
            **values,
        )
    )
    give_work(run, at=NOON if is_due else NOON + timedelta(hours=1))
    return run.campaign_id


def give_work(run, *, at=NOON):
    factories.add(
        Delivery(
            workspace_id=run.workspace_id,
            message_id=run.message_id,
            campaign_id=run.campaign_id,
            email="reader@example.com",
            state=DeliveryState.PREPARED,
            next_try_at=at,
        )
    )


def take(turns):
    return Counter(share.next_run(NOON) for _ in range(turns))


def test_the_campaigns_of_a_workspace_share_by_weight(workspace):
    high = under_way(workspace, weight=300)
    normal = under_way(workspace)

    turns = take(40)

    assert turns == {high: 30, normal: 10}


def test_workspaces_share_alike_however_many_campaigns_each_has(workspace, other_workspace):
    mine = {under_way(workspace) for _ in range(3)}
    theirs = under_way(other_workspace)

    turns = take(60)

    assert turns[theirs] == 30
    assert [turns[each] for each in mine] == [10, 10, 10]


def test_a_heavier_workspace_gets_more(workspace, other_workspace):
    share.set_weight(other_workspace.id, 300)
    mine, theirs = under_way(workspace), under_way(other_workspace)

    assert take(40) == {mine: 10, theirs: 30}
    assert share.weight_of(workspace.id) == 100


def test_who_was_idle_comes_next_but_brings_no_credit(workspace, other_workspace):
    mine = under_way(workspace)
    take(1_000)
    theirs = under_way(other_workspace)

    first = share.next_run(NOON)

    assert first == theirs
    assert take(20) == {mine: 10, theirs: 10}


def test_a_new_campaign_comes_next_but_brings_no_credit(workspace):
    old = under_way(workspace)
    take(500)
    new = under_way(workspace)

    assert share.next_run(NOON) == new
    assert take(20) == {old: 10, new: 10}


def test_nothing_is_chosen_that_may_not_be_sent_now(workspace):
    under_way(workspace, stopped_at=NOON)
    under_way(workspace, ended_at=NOON)
    under_way(workspace, waits_until=NOON + timedelta(minutes=1))
    under_way(workspace, is_due=False)

    assert share.next_run(NOON) is None


def test_a_run_that_waited_goes_on_at_its_time(workspace):
    waited = under_way(workspace, waits_until=NOON)

    assert share.next_run(NOON) == waited


def test_a_campaign_of_a_million_delays_another_by_one_batch(workspace, other_workspace):
    big = [under_way(workspace) for _ in range(5)]
    take(333)
    late = under_way(other_workspace)
    third = factories.workspace(name="Third", slug="third")
    later_still = under_way(third)

    next_two = {share.next_run(NOON), share.next_run(NOON)}

    assert next_two == {late, later_still}
    assert set(big).isdisjoint(next_two)


@pytest.mark.parametrize("due", ["all", "last"])
def test_choosing_among_a_hundred_runs_takes_no_time(workspace, due):
    workspaces = [factories.workspace(name=f"W{number}") for number in range(10)]
    runs = [under_way(each, is_due=due == "all") for each in workspaces for _ in range(10)]
    if due == "last":
        db.session.execute(update(Delivery).where(Delivery.campaign_id == runs[-1]).values(next_try_at=NOON))
    db.session.commit()
    took = []
    for _ in range(50):
        began = time.perf_counter()
        assert share.next_run(NOON) is not None
        db.session.commit()
        took.append(time.perf_counter() - began)

    # A guard against a plan that reads deliveries; measured, it takes about one millisecond.
    assert sorted(took)[len(took) // 2] < 0.02
