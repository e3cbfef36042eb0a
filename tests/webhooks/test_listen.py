"""What happens in the product is told, once, to those who asked."""

from datetime import datetime, timedelta

import pytest

from mailer.accounts.keys import create_key
from mailer.accounts.scopes import EVERYTHING
from mailer.audience.models import OptIn, Subscription
from mailer.campaigns import pause, schedule
from mailer.campaigns.launch import launch
from mailer.consent.confirm import confirm
from mailer.consent.models import Channel, Evidence, SuppressionReason
from mailer.consent.suppress import suppress
from mailer.db import db
from mailer.delivery import ledger
from mailer.delivery.engine.outcomes import Outcome, Verdict
from mailer.delivery.models import Batch, Delivery, Message, MessageKind
from mailer.lib.clock import utcnow
from mailer.lib.ids import uuid7
from mailer.tracking.ingest import store
from mailer.tracking.spool import Event as Spooled
from mailer.webhooks.models import Event
from tests import factories


def told():
    return [(row.name, row.data) for row in db.session.query(Event).order_by(Event.id)]


@pytest.fixture
def shop(app, workspace):
    _, secret = create_key(workspace.id, name="Shop", scopes=[EVERYTHING])
    db.session.commit()
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
    return client


def test_a_subscriber_s_whole_life_is_told(shop, workspace, endpoint):
    endpoint("subscriber.*")
    weekly = factories.mailing_list(workspace, opt_in=OptIn.DOUBLE)
    db.session.commit()

    made = shop.post(
        "/api/v1/subscribers", json={"email": "ana@example.com", "lists": [weekly.public_id]}
    ).json
    place = db.session.query(Subscription).one()
    confirm(place, evidence=Evidence(via=Channel.CONFIRMATION_PAGE), now=utcnow())
    db.session.commit()
    url = f"/api/v1/subscribers/{made['id']}"
    shop.patch(url, json={"name": "Ana"})
    shop.post(f"{url}/unsubscribe", json={})
    shop.delete(url)

    assert [name for name, _ in told()] == [
        "subscriber.created",
        "subscriber.confirmed",
        "subscriber.updated",
        "subscriber.unsubscribed",
        "subscriber.deleted",
    ]
    by_name = dict(told())
    assert by_name["subscriber.updated"]["name"] == "Ana"
    assert by_name["subscriber.unsubscribed"]["list"] == weekly.public_id
    assert by_name["subscriber.deleted"] == {"object": "subscriber", "id": made["id"]}


def test_a_campaign_s_way_is_told(workspace, endpoint):
    endpoint("campaign.*")
    weekly = factories.mailing_list(workspace)
    factories.subscriber(workspace, on=weekly)
    campaign = factories.campaign(workspace, lists=[weekly])

    schedule.schedule(campaign, at=utcnow().replace(year=utcnow().year + 1, month=1, day=1), now=utcnow())
    launch(campaign, now=utcnow())
    pause.pause(campaign, now=utcnow())
    pause.resume(campaign)
    pause.cancel(campaign, now=utcnow())
    db.session.commit()

    assert [name.partition(".")[2] for name, _ in told()] == [
        "scheduled",
        "started",
        "paused",
        "started",
        "cancelled",
    ]
    assert told()[-1][1]["finished_at"]


def claimed(workspace, message_id, emails, campaign_id=None):
    """Return deliveries as a worker holds them."""
    batch = factories.add(
        Batch(campaign_id=campaign_id, worker="w", lease_expires_at=utcnow(), due_at=utcnow())
    )
    for email in emails:
        factories.add(
            Delivery(
                workspace_id=workspace.id,
                message_id=message_id,
                campaign_id=campaign_id,
                email=email,
                batch_id=batch.id,
            )
        )
    held = db.select(*ledger.CLAIMED_COLUMNS).where(Delivery.batch_id == batch.id).order_by(Delivery.id)
    return [ledger.Claimed.of(row) for row in db.session.execute(held)]


def record(deliveries, *outcomes):
    """Write down how tries ended."""
    results = [ledger.Result(one, outcome) for one, outcome in zip(deliveries, outcomes, strict=True)]
    held = ledger.hold({one.batch_id for one in deliveries}, worker="w", now=utcnow())
    ledger.record(results, held=held, now=utcnow(), first_retry_seconds=60)


def test_how_mails_fared_is_told_in_one_go(workspace, endpoint):
    endpoint("email.*")
    weekly = factories.mailing_list(workspace)
    campaign = factories.campaign(workspace, lists=[weekly])
    factories.subscriber(workspace, on=weekly)
    launch(campaign, now=utcnow())
    deliveries = claimed(
        workspace, campaign.message_id, ["a@example.com", "b@example.com", "c@example.com"], campaign.id
    )

    record(
        deliveries,
        Outcome(Verdict.ACCEPTED, "250 ok", 250),
        Outcome(Verdict.REJECTED, "550 5.1.1 no such user", 550, is_about_address=True),
        Outcome(Verdict.DEFERRED, "451 later", 451),
    )
    taken = deliveries[0]
    reading = Spooled(uuid7(), taken.message_id, taken.id, utcnow())
    store([reading, reading._replace(id=uuid7(), link_number=0)])
    db.session.commit()

    by_name = {name: data["email"] for name, data in told()}
    assert by_name == {
        "email.sent": "a@example.com",
        "email.bounced": "b@example.com",
        "email.delivery_delayed": "c@example.com",
        "email.opened": "a@example.com",
        "email.clicked": "a@example.com",
    }
    assert {name: data["reply"] for name, data in told() if data["reply"]} == {
        "email.sent": "250 ok",
        "email.bounced": "550 5.1.1 no such user",
        "email.delivery_delayed": "451 later",
    }


def test_mails_about_the_product_itself_are_nobody_s_business(workspace, endpoint):
    endpoint("email.*")
    message = factories.add(
        Message(
            workspace_id=workspace.id,
            kind=MessageKind.SYSTEM,
            from_email="ana@bakery.example",
            subject="Reset",
            html="",
            text="",
        )
    )

    record(claimed(workspace, message.id, ["ben@example.com"]), Outcome(Verdict.ACCEPTED, "250 ok", 250))

    assert told() == []


def test_what_waits_and_what_is_kept_back_is_told(shop, workspace, endpoint, work_off):
    endpoint("email.*")
    receipt = {"from": "ana@bakery.example", "to": "sam@example.com", "subject": "Receipt", "text": "Paid."}

    tomorrow = (utcnow() + timedelta(days=1)).isoformat()
    waits = shop.post("/api/v1/emails", json={**receipt, "scheduled_at": tomorrow})
    shop.post("/api/v1/emails", json={**receipt, "to": "gone@example.com"})
    suppress(workspace.id, "gone@example.com", SuppressionReason.HARD_BOUNCE)
    db.session.commit()
    work_off()

    (scheduled, suppressed) = told()
    assert (scheduled[0], scheduled[1]["message"]) == ("email.scheduled", waits.json["id"])
    assert datetime.fromisoformat(scheduled[1]["scheduled_at"]) == datetime.fromisoformat(tomorrow)
    assert suppressed[0] == "email.suppressed"
    assert (suppressed[1]["email"], suppressed[1]["reason"]) == ("gone@example.com", "suppressed")


def test_one_asks_for_everything_by_one_word(shop):
    at, url = "/api/v1/webhooks", "https://shop.example.com/"

    made = shop.post(at, json={"url": url, "events": ["*"]}).json
    wrong = shop.post(at, json={"url": url, "events": ["email.send"]}).json
    shop.post("/api/v1/subscribers", json={"email": "sam@example.com"})

    assert made["events"] == ["*"]
    assert wrong["errors"][0]["message"] == "There is no event “email.send”. Did you mean “email.sent”?"
    assert [name for name, _ in told()] == ["subscriber.created"]
