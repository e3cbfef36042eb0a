"""What a workspace chooses to count, and what its readers buy."""

import json
from datetime import timedelta
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import func, select

from mailer import current
from mailer.audience.erase import erase_subscribers
from mailer.campaigns.choose_tracking import choose_tracking
from mailer.campaigns.launch import launch as launch_campaign
from mailer.campaigns.rebuild import rebuild_report
from mailer.campaigns.report import report
from mailer.campaigns.worth import worth_of
from mailer.db import db
from mailer.delivery import send
from mailer.delivery.models import Delivery, TrackingMode
from mailer.delivery.prepare import prepare_campaign
from mailer.events.record_event import record_event
from mailer.lib.clock import utcnow
from mailer.lib.ids import uuid7
from mailer.proof.day import CHROME
from mailer.tracking.ingest import store
from mailer.tracking.models import AnonymousEvent, Click, Open
from mailer.tracking.settings import Tracking, save_tracking
from mailer.tracking.spool import Event
from mailer.web.limits import limiter
from tests import factories

BODY = "Hello,\n\n[Order](https://bakery.example/order?a=1#now) or [look](https://bakery.example/)"


@pytest.fixture
def sent(workspace, bread, readers, smtp):
    """Send a campaign with two links, by what was chosen before; return it and its deliveries."""

    def go():
        campaign = factories.campaign(workspace, lists=[bread], name="Spring sale", body=BODY)
        launch_campaign(campaign, now=utcnow())
        db.session.commit()
        prepare_campaign(campaign.id)
        send.deliver_due()
        return campaign, list(db.session.scalars(select(Delivery).order_by(Delivery.email)))

    return go


def event(delivery, link=None, at=None):
    return Event(uuid7(), delivery.message_id, delivery.id, at or utcnow(), link, CHROME, "81.130.0.0/24")


def count(model):
    return db.session.scalar(select(func.count()).select_from(model))


def test_links_are_tagged_for_the_website(workspace, sent, smtp):
    save_tracking(workspace.id, Tracking(is_tagging=True))

    campaign, _ = sent()

    tags = "utm_source=newsletter&utm_medium=email&utm_campaign=spring-sale"
    assert campaign.message.links[:2] == [
        f"https://bakery.example/order?a=1&{tags}#now",
        f"https://bakery.example/?{tags}",
    ]
    assert f"https://bakery.example/order?a=1&{tags}#now" in campaign.message.text


def test_without_tracking_links_lead_straight_on_and_there_is_no_pixel(workspace, sent, smtp):
    save_tracking(workspace.id, Tracking(TrackingMode.NONE))

    campaign, deliveries = sent()

    mail = smtp.received[0].data.decode().replace("=\r\n", "").replace("=3D", "=")
    assert 'href="https://bakery.example/order?a=1#now"' in mail
    assert "/c/" not in mail
    assert "/o/" not in mail
    store([event(deliveries[0]), event(deliveries[0], 0)])
    assert count(Open) == count(Click) == count(AnonymousEvent) == 0
    assert report(campaign).links == []


def test_anonymous_campaigns_count_nobody_in_particular_and_each_event_once(workspace, sent):
    save_tracking(workspace.id, Tracking(TrackingMode.ANONYMOUS))
    campaign, (ann, bob, *_) = sent()
    events = [event(ann), event(ann), event(bob, 1), event(bob, campaign.message.trap_link)]

    for _ in range(2):
        store(events)
        db.session.commit()

    figures = report(campaign)
    assert (figures.opens.total, figures.opens.people) == (2, 0)
    assert (figures.clicks.total, figures.clicks.human_total, figures.clicks.people) == (2, 1, 0)
    assert count(Open) == count(Click) == 0
    assert {ann.opened_at, ann.clicked_at, bob.clicked_at} == {None}
    before = figures.as_dict()
    rebuild_report(campaign)
    assert report(campaign).as_dict() == before


def test_a_campaign_may_count_otherwise_than_its_workspace(workspace, bread, readers, smtp, sign_in, ben):
    campaign = factories.campaign(workspace, lists=[bread])
    client = sign_in(ben)

    client.post(f"/w/bakery/campaigns/{campaign.public_id}/tracking", data={"tracking": "none"})
    assert factories.refreshed(campaign).tracking is TrackingMode.NONE
    choose_tracking(campaign, None)

    launch_campaign(campaign, now=utcnow())
    assert campaign.message.tracking is TrackingMode.FULL


def test_an_order_counts_once_for_the_last_click_within_the_window(workspace, readers, sent):
    campaign, deliveries = sent()
    by_email = {each.email: each for each in deliveries}
    first, second = readers[:2]
    now = utcnow() + timedelta(hours=1)
    clicked = [
        event(by_email[first.email], 0, now - timedelta(minutes=30)),
        event(by_email[first.email], 1, now - timedelta(minutes=10)),
        event(by_email[second.email], 0, now - timedelta(minutes=20)),
    ]
    store(clicked)

    def order(person, key, at, value=Decimal("12.50")):
        record_event(person, "order.placed", key=key, at=at, value=value, currency="EUR", now=at)

    order(first, "1", now)
    order(first, "1", now)
    order(second, "2", now)
    order(second, "3", now + timedelta(days=8))
    order(second, "4", now, value=None)
    order(readers[2], "5", now)

    worth = worth_of(campaign.id)
    assert worth.people == 2
    assert [(one.currency, one.people, one.orders, one.value) for one in worth.sales] == [("EUR", 2, 2, 25)]
    assert {number: sales[0].value for number, sales in worth.links.items()} == {
        0: Decimal("12.5"),
        1: Decimal("12.5"),
    }
    rebuild_report(campaign)
    assert worth_of(campaign.id) == worth

    # Who bought is forgotten; what it came to is not.
    erase_subscribers(workspace.id, [first.id], now=now)
    rebuild_report(campaign)
    assert worth_of(campaign.id) == worth


def test_a_shop_tells_orders_by_the_token_in_the_address(client, workspace, readers, sent, smtp):
    save_tracking(workspace.id, Tracking(shop_hosts="bakery.example"))
    campaign, (ann, *_) = sent()
    place = current.links().click_url(ann.message_id, ann.id, 0)
    landed = urlsplit(client.get(place).headers["Location"])
    told = {"click": parse_qs(landed.query)["mailer_click"][0], "order": "A-1", "currency": "EUR"}

    def tell(origin="https://bakery.example", **more):
        return client.post(
            "/orders", data=json.dumps({**told, "value": "31.50", **more}), headers={"Origin": origin}
        )

    assert (landed.path, landed.fragment) == ("/order", "now")
    assert "mailer_click" not in campaign.message.text
    assert report(campaign).links[0].url == "https://bakery.example/order?a=1#now"
    answer = tell()
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (
        204,
        "https://bakery.example",
    )
    assert tell().status_code == 204
    assert tell("https://else.example", order="A-2").status_code == 403
    assert tell(click="forged.0", order="A-3").status_code == 404
    assert tell(value="much", order="A-4").status_code == 422
    assert [(one.orders, one.value) for one in worth_of(campaign.id).sales] == [(1, Decimal("31.50"))]

    # The click is read in time for the next order, and counts as before.
    store([event(ann, 0, utcnow() - timedelta(minutes=1))])
    tell(order="A-5")
    assert [(one.people, one.orders) for one in worth_of(campaign.id).sales] == [(1, 2)]


def test_orders_cannot_be_made_up_without_end(app, client):
    limiter.enabled = True
    try:
        answers = [
            client.post("/orders", json={"click": click, "order": f"A-{number}", "value": "1"}).status_code
            for click, times in (("one.0", 31), ("two.0", 30))
            for number in range(times)
        ]
    finally:
        limiter.enabled = False

    assert answers == [404] * 30 + [429] + [404] * 29 + [429]


def test_the_settings_are_kept_and_checked(sign_in, ana, workspace):
    client = sign_in(ana)
    good = {"mode": "anonymous", "conversion_days": "3", "utm_source": "news", "utm_medium": "email"}
    good["shop_hosts"] = "Shop.example "

    assert client.post("/w/bakery/settings/tracking", data=good).status_code == 302
    assert client.post("/w/bakery/settings/tracking", data={**good, "mode": "all"}).status_code == 422
    assert client.post("/w/bakery/settings/tracking", data={**good, "utm_source": "a b"}).status_code == 422

    page = client.get("/w/bakery/settings/tracking").text
    assert 'value="news"' in page
    assert 'value="shop.example"' in page
    assert "data-order=" in page
