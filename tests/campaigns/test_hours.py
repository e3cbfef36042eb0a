"""The suggested hour: when people open by themselves, and silence while too little is known."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from mailer.campaigns.hours import best_hour_of
from mailer.composing.plant import plant_designs
from mailer.db import db
from mailer.tracking.models import Activity, HourlyActivity
from tests import factories

#: A Wednesday.
NOW = datetime(2026, 6, 17, 12, tzinfo=UTC)
#: Mondays at nine, and ten hours later: the evening at which people read, in Lisbon an hour on.
SENT = [datetime(2026, 6, 15, 9, tzinfo=UTC) - timedelta(weeks=week) for week in range(3)]
EVENING = timedelta(hours=10)


@pytest.fixture
def history(workspace, other_workspace):
    """Make so many campaigns, each opened at once by many, and in the evening by so many."""
    workspace.time_zone = "Europe/Lisbon"
    bread = factories.mailing_list(workspace)

    def open_in(campaign, hour, people):
        figures = dict.fromkeys(("total", "people", "human_total", "human_people"), people)
        db.session.add(HourlyActivity(campaign_id=campaign.id, activity=Activity.OPEN, hour=hour, **figures))

    def make(campaigns, *, evening, later=range(24, 54), each=1):
        for at in SENT[:campaigns]:
            sent = factories.campaign(workspace, lists=[bread], launched_at=at)
            open_in(sent, at, 5_000)
            open_in(sent, at + EVENING, evening)
            for hours in later:
                open_in(sent, at + timedelta(hours=hours), each)
        strange = factories.campaign(other_workspace, launched_at=SENT[0])
        open_in(strange, SENT[0] + timedelta(hours=30), 90_000)
        db.session.commit()

    return make


def test_the_hour_is_that_of_people_and_not_of_what_was_sent(workspace, history):
    history(3, evening=80)

    best = best_hour_of(workspace, now=NOW)

    assert best.at.isoformat() == "2026-06-22T20:00:00+01:00"
    assert (best.opens, best.total, best.campaigns) == (240, 240 + 3 * 30, 3)
    assert best_hour_of(workspace, now=best.at).at - best.at == timedelta(days=7)


@pytest.mark.parametrize(("campaigns", "evening"), [(2, 500), (3, 20), (0, 0)])
def test_little_is_met_with_silence(workspace, history, campaigns, evening):
    history(campaigns, evening=evening)

    assert best_hour_of(workspace, now=NOW) is None


def test_an_hour_like_any_other_is_not_suggested(workspace, history):
    history(3, evening=8, later=range(24, 160), each=8)

    assert best_hour_of(workspace, now=NOW) is None


def test_the_last_look_before_sending_offers_the_hour_and_fills_it_in(sign_in, ana, workspace, history):
    history(3, evening=80)
    buns = factories.mailing_list(workspace, name="Buns")
    factories.subscriber(workspace, "rita@example.com", on=buns)
    draft = factories.campaign(workspace, lists=[buns], template=plant_designs(workspace.id)[0])
    review = f"/w/bakery/campaigns/{draft.public_id}/review"

    with time_machine.travel(NOW, tick=False):
        client = sign_in(ana)
        page = client.get(review).text
        chosen = client.get(f"{review}?at=2026-06-22T20:00").text

    assert "240 of 330 first opens" in page
    assert f"{review}?at=2026-06-22T20:00#at" in page
    assert 'value="2026-06-22T20:00"' in chosen
