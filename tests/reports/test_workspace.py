"""The page about a whole workspace: how it grows, reads and stays; and its weekly digest."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from mailer.audience.models import ListDay, SubscriptionStatus
from mailer.campaigns.hours import heat_map_of
from mailer.db import db
from mailer.delivery.models import Delivery, DeliveryCount, DeliveryState, Message
from mailer.reports.digest import digest_of, send_digests, switch_digest
from mailer.reports.models import AudienceSnapshot
from mailer.reports.queries import weeks_of
from mailer.reports.snapshot import count_audience, take_snapshots
from mailer.tracking.models import Activity, HourlyActivity
from tests import factories
from tests.delivery.conftest import message_of

#: A Wednesday.
NOW = datetime(2026, 6, 17, 12, tzinfo=UTC)


@pytest.fixture
def bread(workspace):
    return factories.mailing_list(workspace)


@pytest.fixture
def campaign(workspace, bread):
    """A campaign of last Friday that 100 people's servers took; 40 opened it in one hour."""
    sent = factories.campaign(workspace, lists=[bread], launched_at=NOW - timedelta(days=5))
    db.session.add(DeliveryCount(campaign_id=sent.id, state=DeliveryState.ACCEPTED, reason="", count=100))
    figures = dict.fromkeys(("total", "people", "human_total", "human_people"), 40)
    hour = datetime(2026, 6, 12, 22, tzinfo=UTC)
    db.session.add(HourlyActivity(campaign_id=sent.id, activity=Activity.OPEN, hour=hour, **figures))
    db.session.flush()
    return sent


def test_weeks_are_summed_over_the_lists(workspace, bread):
    today = NOW.date()
    for days, joined, departed in ((0, 3, 1), (2, 4, 0), (9, 5, 2), (400, 9, 9)):
        day = today - timedelta(days=days)
        db.session.merge(
            ListDay(list_id=bread.id, day=day, joined=joined, departed=departed, pending=0, unsubscribed=0)
        )
    db.session.flush()

    weeks = weeks_of(workspace.id, until=today, weeks=2)

    assert [(week.joined, week.departed, week.net) for week in weeks] == [(5, 2, 3), (7, 1, 6)]


def test_hours_are_those_of_the_workspace_s_zone(workspace, campaign):
    workspace.time_zone = "Europe/Lisbon"

    heat = heat_map_of(workspace, now=NOW)

    assert heat.best == [(4, 23, 40)]
    assert (heat.step(40), heat.step(1), heat.step(0)) == (9, 1, 0)


def test_everybody_is_counted_by_when_they_read_and_how_long_they_stay(workspace, bread, campaign):
    message = message_of(workspace)
    joined = NOW - timedelta(days=40)

    def person(email, *, read=None, mails=0, left=None):
        someone = factories.subscriber(workspace, email, on=bread)
        (place,) = someone.subscriptions
        place.started_at = joined
        if left is not None:
            place.status, place.ended_at = SubscriptionStatus.UNSUBSCRIBED, left
        for number in range(mails):
            sent = factories.campaign(workspace)
            db.session.add(
                Delivery(
                    workspace_id=workspace.id,
                    message_id=message.id,
                    campaign_id=sent.id,
                    subscriber_id=someone.id,
                    email=email,
                    state=DeliveryState.ACCEPTED,
                    ended_at=NOW - timedelta(days=30 + number),
                    human_opened_at=read if number == 0 else None,
                )
            )

    person("often@example.com", read=NOW - timedelta(days=3), mails=6)
    person("never@example.com", mails=6)
    person("new@example.com", mails=2)
    person("unmailed@example.com")
    person("gone@example.com", mails=6, left=NOW - timedelta(days=2))
    # Of a file that tells only when they left, so that they came as it was read.
    person("long-gone@example.com", left=NOW - timedelta(days=400))
    db.session.flush()

    figures = count_audience(workspace.id, now=NOW)

    assert figures.active == 4
    assert figures.engagement == {"month": 1, "never": 2, "not_mailed": 1}
    assert figures.sunset == 1
    (cohort,) = figures.cohorts
    assert (cohort.month, cohort.people, cohort.stayed) == ("2026-05", 6, [5, 4])


def test_snapshots_are_taken_once_in_a_while(workspace, bread):
    take_snapshots(now=NOW)
    factories.subscriber(workspace, on=bread)
    take_snapshots(now=NOW + timedelta(hours=1))
    early = db.session.get(AudienceSnapshot, workspace.id).figures["active"]
    take_snapshots(now=NOW + timedelta(hours=7))

    assert (early, db.session.get(AudienceSnapshot, workspace.id).figures["active"]) == (0, 1)


def test_the_page_shows_it_all(sign_in, vera, campaign):
    with time_machine.travel(NOW, tick=False):
        page = sign_in(vera).get("/w/bakery/reports").text

    assert "Friday from 22:00" in page
    assert campaign.name in page
    assert "40.0%" in page


def test_the_week_that_is_not_over_says_so(sign_in, vera):
    with time_machine.travel(NOW, tick=False):
        page = sign_in(vera).get("/w/bakery/reports").text
    newest, before = page.split("Week from")[1].split("</tr>")[1:3]

    assert "so far" in newest
    assert "so far" not in before


def test_one_click_makes_a_segment_of_those_who_read_nothing(sign_in, ben, workspace, bread):
    loud, silent = (
        factories.subscriber(workspace, f"{name}@example.com", on=bread) for name in ("loud", "silent")
    )
    for number in range(5):
        sent = factories.campaign(workspace, lists=[bread], launched_at=NOW - timedelta(days=number))
        for person in (loud, silent):
            is_read = person is loud and number == 0
            factories.add(
                Delivery(
                    workspace_id=workspace.id,
                    message_id=message_of(workspace).id,
                    campaign_id=sent.id,
                    subscriber_id=person.id,
                    email=person.email,
                    state=DeliveryState.ACCEPTED,
                    ended_at=NOW,
                    human_opened_at=NOW if is_read else None,
                )
            )
    db.session.commit()

    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        pages = [sign_in(ben).post("/w/bakery/reports/silent", follow_redirects=True) for _ in range(2)]

    assert all("silent@example.com" in page.text for page in pages)
    assert all("loud@example.com" not in page.text for page in pages)


def test_an_empty_workspace_says_what_comes(sign_in, vera, workspace):
    assert "No campaign was sent yet" in sign_in(vera).get("/w/bakery/reports").text


def test_the_digest_comes_once_each_monday_to_who_wants_it(sign_in, ana, ben, workspace, campaign):
    with time_machine.travel(NOW, tick=False):
        sign_in(ana).post("/w/bakery/reports/digest", data={"on": "1"})
    monday = datetime(2026, 6, 22, tzinfo=UTC)

    sent = [
        send_digests(now=monday + timedelta(hours=hours)) for hours in (-20, 7, 9, 10, 24 * 3, 24 * 7 + 9)
    ]

    assert sent == [0, 0, 1, 0, 0, 1]
    mails = db.session.execute(
        select(Delivery.email, Message.subject, Message.text).join(Message).order_by(Delivery.id)
    ).all()
    assert {mail.email for mail in mails} == {"ana@example.com"}
    assert [mail.subject for mail in mails] == [
        "Ana’s Bakery: the week from 15 June",
        "Ana’s Bakery: the week from 22 June",
    ]
    assert "Sunday loaf" not in mails[0].text
    words = digest_of(workspace, monday=date(2026, 6, 15))["campaigns"][0]
    assert (words.name, words.accepted, words.opened, words.clicked) == ("Sunday loaf", "100", "40.0%", "0%")
    switch_digest(ana.memberships[0], is_on=False, now=NOW)
    assert send_digests(now=monday + timedelta(days=28)) == 0
