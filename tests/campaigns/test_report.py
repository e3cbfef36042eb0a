from datetime import UTC, datetime, timedelta

import pytest

from mailer.campaigns.launch import launch
from mailer.campaigns.queries import figures_of
from mailer.campaigns.report import by_hour, deferred_count, report
from mailer.db import db
from mailer.delivery.models import Delivery, DeliveryCount, DeliveryState
from mailer.tracking.models import Activity, HourlyActivity, LinkActivity
from tests import factories

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def sent(workspace):
    campaign = factories.campaign(workspace, lists=[factories.mailing_list(workspace)])
    launch(campaign, now=NOON)
    counts = [
        (DeliveryState.ACCEPTED, "", 90),
        (DeliveryState.REJECTED, "", 3),
        (DeliveryState.SKIPPED, "unsubscribed", 4),
        (DeliveryState.SKIPPED, "suppressed", 1),
        (DeliveryState.HELD, "", 2),
        (DeliveryState.IN_DOUBT, "", 1),
        (DeliveryState.PREPARED, "", 7),
    ]
    for state, reason, count in counts:
        db.session.add(DeliveryCount(campaign_id=campaign.id, state=state, reason=reason, count=count))
    sums = [
        (Activity.OPEN, 0, 30, 40, 22),
        (Activity.OPEN, 3, 5, 9, 5),
        (Activity.CLICK, 3, 6, 7, 4),
        (Activity.UNSUBSCRIBE, 5, 1, 1, 1),
    ]
    for activity, hour, people, total, human_people in sums:
        figures = {"people": people, "total": total, "human_people": human_people}
        at = NOON + timedelta(hours=hour)
        db.session.add(HourlyActivity(campaign_id=campaign.id, activity=activity, hour=at, **figures))
    db.session.add(LinkActivity(campaign_id=campaign.id, link_number=0, people=6, total=7))
    db.session.commit()
    return campaign


def test_the_audience_is_the_sum_of_the_states(sent):
    found = report(sent).as_dict()

    states = ("accepted", "rejected", "skipped", "held", "in_doubt", "waiting")
    assert [found[state] for state in states] == [90, 3, 5, 2, 1, 7]
    assert found["audience"] == sum(found[state] for state in states)
    assert found["skipped_reasons"] == {"unsubscribed": 4, "suppressed": 1}
    assert found["opens"] == {"people": 35, "total": 49}
    assert found["clicks"] == {"people": 6, "total": 7}
    assert found["unsubscribes"] == 1
    (link,) = found["links"]
    assert (link["number"], link["url"]) == (0, "https://bakery.example/order")
    assert (link["people"], link["total"]) == (6, 7)


def test_the_curve_of_people_rises_at_the_launch_and_has_every_hour_to_the_last_event(sent):
    hours = by_hour(sent)

    assert [(hour.opens, hour.clicks) for hour in hours] == [(0, 0), (22, 0), (0, 0), (0, 0), (5, 4)]
    assert hours[1].at == NOON


def test_a_draft_has_a_report_of_zeros(workspace):
    found = report(factories.campaign(workspace)).as_dict()

    assert found["status"] == "draft"
    assert found["audience"] == 0
    assert found["links"] == []


def test_lists_of_campaigns_show_what_people_did(sent, other_workspace):
    empty = factories.campaign(other_workspace)

    figures = figures_of([sent, empty])

    assert (figures[sent.id].accepted, figures[sent.id].opens, figures[sent.id].clicks) == (90, 27, 4)
    assert (figures[sent.id].audience, figures[sent.id].waiting) == (108, 7)
    assert figures[empty.id].audience == 0


def test_those_put_off_by_their_server_are_counted(sent):
    for tries in (0, 1):
        factories.add(
            Delivery(
                workspace_id=sent.workspace_id,
                message_id=sent.message_id,
                campaign_id=sent.id,
                email="a@example.com",
                attempt=tries,
                next_try_at=NOON,
            )
        )

    assert deferred_count(sent) == 1
