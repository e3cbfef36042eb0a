"""The report's page, and who stands behind its figures."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from mailer.campaigns.breakdown import breakdown, speed_of
from mailer.campaigns.compare import beside, medians, rates_of
from mailer.campaigns.launch import launch
from mailer.campaigns.models import CampaignStatus
from mailer.campaigns.rebuild import rebuild_report
from mailer.campaigns.report import report
from mailer.db import db
from mailer.delivery.models import Delivery, DeliveryCount, DeliveryState
from mailer.lib.clock import utcnow
from mailer.lib.ids import uuid7
from mailer.proof.day import BROWSERS, MPP
from mailer.tracking.ingest import store
from mailer.tracking.models import Activity, Facet, HourlyActivity
from mailer.tracking.spool import Event
from tests import factories

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
ANN, BOB, CAT, DAN = (f"{name}@gmail.com" for name in ("ann", "bob", "cat", "dan"))
#: Of networks in Great Britain and Portugal.
HERE, THERE = "81.130.0.0/24", "85.240.8.0/24"


@pytest.fixture
def sent(workspace):
    """A campaign that four people got: Ann clicked, Bob opened, a machine opened Cat's, Dan's lies there."""
    mailing_list = factories.mailing_list(workspace)
    campaign = factories.campaign(workspace, lists=[mailing_list])
    people = {
        email: factories.subscriber(
            workspace, email, on=mailing_list, locale="pt-PT" if email == ANN else "en"
        )
        for email in (ANN, BOB, CAT, DAN)
    }
    launch(campaign, now=NOON)
    deliveries = {
        email: factories.add(
            Delivery(
                workspace_id=workspace.id,
                message_id=campaign.message_id,
                campaign_id=campaign.id,
                subscriber_id=person.id,
                email=email,
                state=DeliveryState.ACCEPTED,
                attempt=1,
                ended_at=NOON,
            )
        )
        for email, person in people.items()
    }

    def event(email, minutes, agent, network, link=None):
        at = NOON + timedelta(minutes=minutes)
        return Event(uuid7(), campaign.message_id, deliveries[email].id, at, link, agent, network)

    store(
        [
            event(ANN, 4, BROWSERS[1], THERE),
            event(ANN, 5, BROWSERS[1], THERE, 0),
            event(BOB, 100, BROWSERS[0], HERE),
            event(CAT, 1, MPP, HERE),
        ]
    )
    rebuild_report(campaign)
    db.session.commit()
    return campaign


def test_people_are_split_by_what_they_have_in_common(sent):
    def parts(facet):
        return [(part.name, part.accepted, part.opened, part.clicked) for part in breakdown(sent, facet)]

    assert parts(Facet.PROVIDER) == [("Gmail", 4, 2, 1)]
    assert parts(Facet.DEVICE) == [("Phone", None, 1, 1), ("Computer", None, 1, 0)]
    assert parts(Facet.COUNTRY) == [("Portugal", None, 1, 1), ("United Kingdom", None, 1, 0)]
    assert parts(Facet.LOCALE) == [("Portuguese", None, 1, 1), ("English", None, 1, 0)]
    assert parts(Facet.CLIENT) == [("Safari", None, 1, 1), ("Chrome", None, 1, 0)]


def test_how_soon_they_opened(sent):
    speed = speed_of(sent)

    assert (speed.people, speed.within(5), speed.within(60), speed.within(120)) == (2, 1, 1, 2)
    assert speed.half_after == 5


@pytest.mark.parametrize(
    ("did", "who"),
    [
        ("opened", {ANN, BOB}),
        ("clicked", {ANN}),
        ("clicked&link=0", {ANN}),
        ("machine", {CAT}),
        ("silent", {CAT, DAN}),
        ("unsubscribed", set()),
        ("complained", set()),
        ("hard", set()),
        ("soft", set()),
    ],
)
def test_the_people_behind_every_number(sign_in, ben, sent, did, who):
    client = sign_in(ben)
    address = f"/w/bakery/campaigns/{sent.public_id}/people"

    page = client.get(f"{address}?did={did}").text
    file = client.get(f"{address}.csv?did={did}").text

    assert set(re.findall(r"\w+@gmail\.com", page)) == who
    assert {line.partition(",")[0] for line in file.splitlines()[1:]} == who


@pytest.mark.parametrize(
    ("narrowed", "status"), [("did=clikced", 422), ("did=clicked&link=99", 404), ("did=clicked&link=x", 404)]
)
def test_what_narrows_to_nothing_known_hands_out_nobody(sign_in, ben, sent, narrowed, status):
    client = sign_in(ben)

    file = client.get(f"/w/bakery/campaigns/{sent.public_id}/people.csv?{narrowed}")
    deliveries = client.get(f"/w/bakery/campaigns/{sent.public_id}/deliveries.csv?state=acepted")
    skipped = client.get(f"/w/bakery/campaigns/{sent.public_id}/deliveries.csv?state=skipped&reason=x")

    assert (file.status_code, deliveries.status_code, skipped.status_code) == (status, 422, 422)
    assert "gmail.com" not in file.text + deliveries.text + skipped.text


def test_the_map_knows_every_link_of_the_mail(sign_in, ana, sent):
    client = sign_in(ana)

    page = client.get(f"/w/bakery/campaigns/{sent.public_id}").text
    mail = client.get(f"/w/bakery/campaigns/{sent.public_id}/click-map/preview").text

    (found,) = re.findall(r'data-click-map.*?<script type="application/json">(.*?)</script>', page, re.S)
    places = json.loads(found)
    assert [(place["number"], place["people"], place["share"]) for place in places] == [
        (link.number, link.human_people, "100%" if link.human_people else "0%") for link in report(sent).links
    ]
    assert 'href="#link-0"' in mail
    assert "/c/" not in mail


def test_nobody_compares_a_campaign_that_has_just_left(sign_in, ana, workspace, sent):
    for _ in range(2):
        other = factories.campaign(workspace, launched_at=NOON)
        db.session.add(
            DeliveryCount(campaign_id=other.id, state=DeliveryState.ACCEPTED, reason="", count=100)
        )
    sent.status = CampaignStatus.FINISHED
    db.session.commit()
    client = sign_in(ana)

    after_a_year = client.get(f"/w/bakery/campaigns/{sent.public_id}").text
    sent.launched_at = utcnow()
    db.session.commit()
    at_once = client.get(f"/w/bakery/campaigns/{sent.public_id}").text

    assert "points above your median of 0%" in after_a_year
    assert "your median" not in at_once


def test_the_file_holds_the_figures_of_the_page(sign_in, vera, sent):
    lines = sign_in(vera).get(f"/w/bakery/campaigns/{sent.public_id}/report.csv").text.splitlines()

    assert "deliveries,accepted,deliveries,4," in lines
    assert "activity,opens,by anybody,3,3" in lines
    assert "activity,opens,by people,2,2" in lines
    assert "country,Portugal,opened by people,1," in lines


def test_rates_are_of_people_and_machines_are_told_apart(sign_in, ben, sent):
    sent.status = CampaignStatus.FINISHED
    db.session.commit()

    page = sign_in(ben).get(f"/w/bakery/campaigns/{sent.public_id}").text

    assert "2 of 4 people; machines alone opened it for 1 more" in page
    assert "50.0%" in page


def test_the_median_is_of_the_others(workspace):
    ids = []
    for number, opened in enumerate((10, 20, 40, 90)):
        campaign = factories.campaign(workspace, launched_at=NOON + timedelta(days=number))
        db.session.add(
            DeliveryCount(campaign_id=campaign.id, state=DeliveryState.ACCEPTED, reason="", count=100)
        )
        figures = dict.fromkeys(("total", "people", "human_total", "human_people"), opened)
        db.session.add(HourlyActivity(campaign_id=campaign.id, activity=Activity.OPEN, hour=NOON, **figures))
        ids.append(campaign.id)
    db.session.flush()
    rates = rates_of(workspace.id)

    assert [each.campaign_id for each in rates] == ids[::-1]
    assert medians(rates, without=ids[3])["opened"] == pytest.approx(0.2)
    assert medians(rates[:1]) == {}


@pytest.mark.parametrize(
    ("part", "whole", "usual", "points", "is_notable"),
    [
        (177, 1_757, 0.103, -0.2, False),
        (766, 1_757, 0.452, -1.6, False),
        (766, 1_757, 0.502, -6.6, True),
        (17_700, 175_700, 0.103, -0.2, True),
        # A handful says little, and nobody at all is not proof of nothing.
        (3, 5, 0.4, 20.0, False),
        (0, 20, 0.05, -5.0, False),
        (0, 2_000, 0.05, -5.0, True),
        (12, 1_000, 0.0, 1.2, True),
        (0, 1_000, 0.0, 0.0, False),
    ],
)
def test_what_chance_does_is_not_called_better_or_worse(part, whole, usual, points, is_notable):
    found = beside(part, whole, usual)

    assert (found.points, found.is_notable) == (points, is_notable)
