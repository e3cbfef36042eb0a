"""What the dashboard counts."""

from datetime import UTC, datetime, timedelta

from mailer.audience.models import SubscriptionStatus
from mailer.campaigns.models import CampaignStatus
from mailer.dashboard import queries
from mailer.db import db
from mailer.delivery.models import DeliveryCount, DeliveryState, Message, MessageKind
from mailer.tracking.models import Activity, HourlyActivity
from tests import factories

NOON = datetime(2026, 5, 5, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def launched(workspace, status=CampaignStatus.FINISHED, at=NOON, **values):
    message = factories.add(
        Message(
            workspace_id=workspace.id,
            kind=MessageKind.CAMPAIGN,
            from_email="ana@bakery.example",
            subject="Fresh",
            html="",
            text="",
        )
    )
    return factories.campaign(workspace, status=status, message_id=message.id, launched_at=at, **values)


def _activity(campaign, activity, hour, **figures):
    return HourlyActivity(campaign_id=campaign.id, activity=activity, hour=hour, total=9, **figures)


def test_last_campaigns_come_with_what_was_accepted_and_what_people_did(workspace, other_workspace):
    older, newer = launched(workspace, at=NOON - DAY), launched(workspace, at=NOON)
    launched(other_workspace)
    factories.campaign(workspace, name="Draft")
    db.session.add_all(
        [
            DeliveryCount(campaign_id=newer.id, state=DeliveryState.ACCEPTED, count=10),
            DeliveryCount(campaign_id=newer.id, state=DeliveryState.REJECTED, count=1),
            _activity(newer, Activity.OPEN, NOON, people=4, human_people=3),
            _activity(newer, Activity.OPEN, NOON + DAY, people=1, human_people=1),
            _activity(newer, Activity.CLICK, NOON, people=2, human_people=1),
        ]
    )
    db.session.flush()

    sent = queries.last_sent(workspace)

    assert [row.campaign for row in sent] == [newer, older]
    assert (sent[0].accepted, sent[0].opens, sent[0].clicks) == (10, 4, 1)
    assert (sent[1].accepted, sent[1].opens, sent[1].clicks) == (0, 0, 0)


def test_attention_names_what_waits_for_somebody_here(workspace, other_workspace):
    paused = launched(workspace, CampaignStatus.PAUSED)
    stuck_elsewhere = launched(other_workspace, CampaignStatus.PAUSED)
    for campaign in (paused, stuck_elsewhere):
        db.session.add(DeliveryCount(campaign_id=campaign.id, state=DeliveryState.IN_DOUBT, count=2))
    for place in (workspace, other_workspace):
        factories.subscriber(place, on=factories.mailing_list(place), status=SubscriptionStatus.PENDING)
    db.session.flush()

    attention = queries.attention(workspace)

    assert (attention.held, attention.in_doubt, attention.unconfirmed) == (0, 2, 1)
    assert attention.paused == [paused]
    assert attention


def test_a_quiet_workspace_asks_for_nothing(workspace):
    assert not queries.attention(workspace)


def test_first_steps_are_ticked_off_one_by_one(workspace, other_workspace):
    launched(other_workspace)
    before = queries.first_steps(workspace)
    factories.subscriber(workspace, on=factories.mailing_list(workspace))
    between = queries.first_steps(workspace)
    launched(workspace)

    after = queries.first_steps(workspace)

    assert before == queries.FirstSteps(False, False, False, False)
    assert [each.next_number for each in (before, between, after)] == [1, 3, None]
    assert after.are_done
