"""The guard stops what does a domain harm, says why, and counts afresh once somebody goes on."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from mailer.campaigns.models import Campaign, CampaignStatus
from mailer.campaigns.pause import resume
from mailer.db import db
from mailer.delivery.engine.reputation import Level
from mailer.delivery.guard import standings_of, watch_domains
from mailer.delivery.models import Delivery, DomainStanding, Message, MessageKind, Run
from mailer.delivery.sending_sums import Fared, Fate, count_fates
from tests.factories import refreshed

NOON = datetime(2026, 6, 1, 12, 5, tzinfo=UTC)


@pytest.fixture
def sending(bread, readers, launch):
    """A campaign on its way."""
    return launch(bread)


def fare(run, at, **fates):
    for name, number in fates.items():
        fate = Fate(name)
        count_fates(
            Fared(run.workspace_id, run.campaign_id, run.message_id, ["ann@gmail.com"], fate, at)
            for _ in range(number)
        )


def campaign_of(run):
    return refreshed(db.session.get(Campaign, run.campaign_id))


@pytest.mark.parametrize(
    ("fates", "words"),
    [
        ({"accepted": 500, "complaints": 6}, "6 complaints among 500 mails in the last hour: 1.20%"),
        ({"accepted": 300, "rejected": 40, "refused": 40}, "40 dead addresses among 340 mails"),
        ({"accepted": 300, "hard": 31}, "31 dead addresses among 300 mails"),
    ],
)
def test_a_campaign_is_paused_within_a_minute_and_says_why(workspace, sending, caplog, fates, words):
    fare(sending, NOON, **fates)

    watch_domains(now=NOON + timedelta(seconds=40))
    db.session.commit()

    paused = campaign_of(sending)
    assert paused.status is CampaignStatus.PAUSED
    assert words in paused.pause_reason
    assert "bakery.example" in paused.pause_reason
    assert db.session.get(Run, sending.campaign_id).stopped_at is not None
    assert words in caplog.text
    assert [(each.domain, each.level) for each in standings_of(workspace)] == [
        ("bakery.example", Level.PAUSE)
    ]


def test_a_warning_is_said_and_stops_nothing(workspace, sending, caplog):
    fare(sending, NOON, accepted=1_000, complaints=5)

    watch_domains(now=NOON + timedelta(seconds=40))

    assert campaign_of(sending).status is CampaignStatus.SENDING
    assert standings_of(workspace)[0].level is Level.WARN
    assert "5 complaints" in caplog.text


def test_owners_are_told_of_one_warning_a_day_and_of_each_stop(workspace, ana, ben, sending):
    waves = [
        (0, {"accepted": 1_000, "complaints": 5}, Level.WARN),
        (2, {"accepted": 10_000}, Level.GOOD),
        (4, {"accepted": 1_000, "complaints": 5}, Level.WARN),
        (4, {"complaints": 20}, Level.PAUSE),
    ]
    for hours, fates, level in waves:
        at = NOON + timedelta(hours=hours)
        fare(sending, at, **fates)
        watch_domains(now=at)
        assert db.session.get(DomainStanding, (workspace.id, "bakery.example")).level is level

    told = db.session.execute(
        select(Delivery.email, Message.text)
        .join(Message, Message.id == Delivery.message_id)
        .where(Message.kind == MessageKind.SYSTEM)
        .order_by(Delivery.id)
    ).all()
    assert [email for email, _ in told] == [ana.email, ana.email]
    assert "stop by themselves once this doubles: 5 complaints" in told[0].text
    assert "go on when somebody resumes them: 25 complaints" in told[1].text


def test_who_goes_on_counts_afresh(workspace, sending):
    fare(sending, NOON, accepted=500, complaints=6)
    watch_domains(now=NOON)
    with time_machine.travel(NOON + timedelta(minutes=3), tick=False):
        resume(campaign_of(sending))
    db.session.commit()

    watch_domains(now=NOON + timedelta(minutes=4))
    assert campaign_of(sending).status is CampaignStatus.SENDING

    later = NOON + timedelta(minutes=20)
    fare(sending, later, accepted=500, complaints=6)
    watch_domains(now=later)
    assert campaign_of(sending).status is CampaignStatus.PAUSED


def test_what_is_old_or_of_another_domain_stops_nothing(workspace, sending, other_workspace):
    fare(sending, NOON - timedelta(days=2), accepted=500, complaints=50)

    watch_domains(now=NOON)

    assert campaign_of(sending).status is CampaignStatus.SENDING
    assert standings_of(workspace) == []
    assert standings_of(other_workspace) == []
