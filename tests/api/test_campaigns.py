"""``/api/v1/campaigns``."""

import pytest

from mailer.accounts.scopes import KINDS
from mailer.audience.models import OptIn
from mailer.campaigns.models import Campaign, CampaignStatus
from mailer.composing.gallery import gallery_design
from mailer.db import db
from mailer.rendering.blocks.read import written as as_json
from tests import factories

URL = "/api/v1/campaigns"


@pytest.fixture
def weekly(workspace):
    weekly = factories.mailing_list(workspace, opt_in=OptIn.SINGLE)
    db.session.commit()
    return weekly


def written(**values):
    return {
        "name": "Sunday loaf",
        "subject": "Fresh on Sunday, {{ subscriber.name | default('friend') }}",
        "preheader": "Rye is back",
        "from": "Ana Pão <ana@bakery.example>",
        "reply_to": "shop@bakery.example",
        "format": "markdown",
        "body": "Hello\n\n[Order](https://bakery.example/order)",
        **values,
    }


def test_a_campaign_is_written_and_read_back(shop, weekly):
    answer = shop.post(URL, json=written(lists=[weekly.public_id], text="Hello"))

    assert answer.status_code == 201
    shown = answer.json
    assert shown["id"].startswith("cmp_")
    assert shown["status"] == "draft"
    for key, value in written(lists=[weekly.public_id], text="Hello").items():
        assert shown[key] == value
    assert shop.get(f"{URL}/{shown['id']}").json == shown


def test_a_design_is_written_and_read_back(shop, weekly):
    sent = {"subject": "News", "design": as_json(gallery_design("letter")), "lists": [weekly.public_id]}

    made = shop.post(URL, json=sent)
    wrong = shop.post(URL, json={**sent, "design": {"rows": [{"columns": [{"width": 20}]}]}})

    assert made.status_code == 201
    assert (made.json["format"], made.json["design"]) == ("design", sent["design"])
    assert wrong.status_code == 422
    assert "100 per cent" in wrong.text


def test_sending_it_launches_once(shop, workspace, weekly, queued):
    factories.subscriber(workspace, on=weekly)
    db.session.commit()
    made = shop.post(URL, json=written(lists=[weekly.public_id])).json

    sent = shop.post(f"{URL}/{made['id']}/send")
    again = shop.post(f"{URL}/{made['id']}/send")

    assert (sent.status_code, sent.json["status"]) == (200, "sending")
    assert (again.status_code, again.json["name"]) == (409, "conflict")
    assert [name for name, *_ in queued()] == ["prepare_campaign"]


def test_a_repeated_send_gets_the_first_answer(shop, workspace, weekly):
    made = shop.post(URL, json=written(lists=[weekly.public_id])).json

    answers = [shop.post(f"{URL}/{made['id']}/send", headers={"Idempotency-Key": "s"}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json == answers[1].json


def test_what_is_not_ready_is_not_sent(shop):
    made = shop.post(URL, json={"name": "Later"}).json

    answer = shop.post(f"{URL}/{made['id']}/send")

    assert answer.status_code == 422
    assert {problem["field"] for problem in answer.json["errors"]} >= {"subject", "lists"}
    assert db.session.query(Campaign).one().status is CampaignStatus.DRAFT


def test_the_report_of_a_draft_is_all_zeros(shop):
    made = shop.post(URL, json=written()).json

    report = shop.get(f"{URL}/{made['id']}/report").json

    states = ("accepted", "rejected", "skipped", "held", "in_doubt", "waiting")
    assert report["status"] == "draft"
    assert report["audience"] == sum(report[state] for state in states) == 0
    assert report["opens"] == report["clicks"] == {"people": 0, "total": 0}
    assert report["unsubscribes"] == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"subject": "two\nlines"}, "subject"),
        ({"subject": "Bcc\r\nBcc: eve@example.com"}, "subject"),
        ({"subject": "x" * 999}, "subject"),
        ({"name": "\x7f"}, "name"),
        ({"preheader": "a\u2028b"}, "preheader"),
        ({"from": "Ana"}, "from"),
        ({"from": "Ana <ana@bakery.example"}, "from"),
        ({"from": "Ana\n<ana@bakery.example>"}, "from"),
        ({"reply_to": "nobody"}, "reply_to"),
        ({"lists": ["lst_00000000000000000000000000"]}, "lists"),
        ({"lists": "lst_1"}, "lists"),
        ({"format": "rtf"}, "format"),
        ({"body": "a\x00b"}, "body"),
        ({"body": 7}, "body"),
        ({"status": "sending"}, "status"),
        ({"message_id": "msg_1"}, "message_id"),
    ],
)
def test_what_cannot_be_used_is_named(shop, body, field):
    answer = shop.post(URL, json=written(**body))

    assert answer.status_code == 422
    assert field in {problem["field"] for problem in answer.json["errors"]}
    assert db.session.query(Campaign).count() == 0


def test_a_sending_key_sends_and_sees_no_one(program, workspace, weekly):
    sender = program(workspace, *KINDS["sending"])

    made = sender.post(URL, json=written(lists=[weekly.public_id]))
    sent = sender.post(f"{URL}/{made.json['id']}/send")

    assert (made.status_code, sent.status_code) == (201, 200)
    assert sender.get("/api/v1/subscribers").status_code == 403
    assert sender.get("/api/v1/lists").status_code == 403


def test_tags_by_click_are_chosen_before_and_after_it_is_sent(shop, weekly):
    factories.subscriber(weekly.workspace, on=weekly)
    chosen = [
        {"link": None, "tags": ["curious"]},
        {"link": "https://bakery.example/order", "tags": ["buyer"]},
    ]

    made = shop.post(URL, json=written(lists=[weekly.public_id], click_tags=chosen)).json
    here = f"{URL}/{made['id']}"
    shop.post(f"{here}/send")
    changed = shop.patch(here, json={"click_tags": chosen[1:]})
    refused = shop.patch(here, json={"click_tags": [{"link": "https://bakery.example/x", "tags": ["buyer"]}]})

    assert made["click_tags"] == chosen
    assert changed.json["click_tags"] == shop.get(here).json["click_tags"] == chosen[1:]
    assert refused.status_code == 422
    assert "no link to" in refused.text
