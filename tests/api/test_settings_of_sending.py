"""What people set beside their campaigns, set by programs: forms, notes, limits, streams, offers."""

import pytest

from mailer.audience.models import OptIn
from mailer.db import db
from tests import factories

ROOT = "/api/v1"


@pytest.fixture
def weekly(workspace):
    weekly = factories.mailing_list(workspace, opt_in=OptIn.SINGLE)
    db.session.commit()
    return weekly


def test_a_form_is_designed_changed_closed_and_as_before(shop, weekly, client):
    design = {"list_ids": [weekly.public_id], "words": {"en": {"title": "Fresh bread"}}}
    made = shop.post(f"{ROOT}/forms", json={"name": "Counter", "design": design}).json
    url = f"{ROOT}/forms/{made['id']}"

    page = client.get(made["url"])
    other = {**design, "words": {"en": {"title": "Old bread"}}}
    changed = shop.patch(url, json={"design": other}).json
    first = shop.get(f"{url}/versions").json["data"][-1]
    again = shop.post(f"{url}/versions/{first['id']}/restore").json
    shop.post(f"{url}/close")
    wrong = shop.post(f"{ROOT}/forms", json={"name": "Counter", "design": {"list_ids": []}})

    assert "Fresh bread" in page.text
    assert (changed["version"], changed["name"], changed["design"]) == (2, "Counter", other)
    assert (again["version"], again["design"]) == (3, design)
    assert shop.get(f"{ROOT}/forms").json["data"] == []
    assert shop.get(f"{ROOT}/forms?archived=true").json["data"][0]["archived_at"]
    assert shop.post(f"{url}/reopen").json["archived_at"] is None
    assert (wrong.status_code, wrong.json["errors"][0]["field"]) == (422, "list_ids")


def test_notes_are_written_and_deleted(shop, workspace):
    person = factories.subscriber(workspace)
    db.session.commit()
    url = f"{ROOT}/subscribers/{person.public_id}/notes"

    note = shop.post(url, json={"text": "Likes rye."}).json
    shop.post(url, json={"text": "Comes on Sundays."})

    assert [one["text"] for one in shop.get(url).json["data"]] == ["Comes on Sundays.", "Likes rye."]
    assert shop.delete(f"{url}/{note['id']}").status_code == 204
    assert shop.delete(f"{url}/{note['id']}").status_code == 404


def test_limits_change_only_where_they_are_told_to(shop):
    shop.patch(f"{ROOT}/limits", json={"per_hour": 500, "give_up_after_hours": 24})
    caps = shop.patch(f"{ROOT}/limits", json={"per_day": 2_000}).json
    gentle = shop.post(f"{ROOT}/limits/domains", json={"domains": ["Gmail.com"], "per_second": 5}).json
    url = f"{ROOT}/limits/domains/{gentle['id']}"
    gentler = shop.patch(url, json={"concurrent": 2}).json
    none = shop.patch(url, json={"concurrent": None, "per_second": None})
    twice = shop.post(f"{ROOT}/limits/domains", json={"domains": ["gmail.com"], "concurrent": 1})

    assert (caps["per_hour"], caps["per_day"], caps["give_up_after_hours"]) == (500, 2_000, 24)
    assert (gentler["domains"], gentler["per_second"], gentler["concurrent"]) == (["gmail.com"], 5, 2)
    assert (none.status_code, twice.status_code) == (422, 409)
    assert shop.delete(url).status_code == 204
    assert shop.get(f"{ROOT}/limits/domains").json["data"] == []


def test_a_stream_is_closed_for_an_address_and_opened_again(shop):
    url = f"{ROOT}/suppressions/streams"
    receipt = {"from": "ana@bakery.example", "to": "sam@example.com", "subject": "Hi", "text": "Paid."}

    closed = shop.post(url, json={"email": "sam@example.com", "stream": "receipts"}).json
    refused = shop.post(f"{ROOT}/emails", json={**receipt, "stream": "receipts"})
    listed = shop.get(f"{url}?stream=receipts&search=sam").json["data"]
    shop.post(f"{url}/{closed['id']}/lift", json={"words": "Asked for them again."})

    assert (closed["email"], closed["reason"]) == ("sam@example.com", "manual")
    assert (refused.status_code, listed) == (422, [closed])
    sent = shop.post(f"{ROOT}/emails", json={**receipt, "stream": "receipts"})
    again = shop.post(f"{ROOT}/emails/{sent.json['id']}/send-again")
    assert again.status_code == 200
    assert again.json["id"] != sent.json["id"]


def test_a_template_is_offered_to_programs(shop):
    html = "<html><body>{{ content }}</body></html>"
    made = shop.post(f"{ROOT}/templates", json={"name": "Receipt", "html": html}).json
    url = f"{ROOT}/templates/{made['id']}/offer"

    shop.patch(url, json={"alias": "order-receipt"})
    offer = shop.patch(url, json={"subject": "Order {{ variables.order }}"}).json

    assert (offer["alias"], offer["subject"]) == ("order-receipt", "Order {{ variables.order }}")
    assert offer["variables"] == [{"name": "order", "required": True}]
    assert shop.patch(url, json={"alias": "No Name"}).status_code == 422


def test_a_segment_is_followed_and_a_campaign_counts_what_it_is_told_to(shop):
    tree = {"type": "group", "match": "all", "conditions": [{"type": "did", "deed": "opened"}]}
    regulars = shop.post(f"{ROOT}/segments", json={"name": "Regulars", "conditions": tree}).json
    campaign = shop.post(f"{ROOT}/campaigns", json={"subject": "Fresh", "tracking": "none"}).json

    followed = shop.post(f"{ROOT}/segments/{regulars['id']}/follow").json["followed_at"]
    left = shop.post(f"{ROOT}/segments/{regulars['id']}/unfollow").json["followed_at"]
    changed = shop.patch(f"{ROOT}/campaigns/{campaign['id']}", json={"tracking": None}).json

    assert (bool(followed), left) == (True, None)
    assert (campaign["tracking"], changed["tracking"]) == ("none", None)


def test_what_is_counted_changes_only_where_it_is_told_to(shop):
    at = f"{ROOT}/workspace/tracking"

    before = shop.get(at).json
    hosts = shop.patch(at, json={"shop_hosts": ["Shop.example.com", "bücher.example"]}).json
    quiet = shop.patch(at, json={"mode": "anonymous"}).json
    wrong = shop.patch(at, json={"shop_hosts": [f"{'a' * 60}.{number}.example" for number in range(10)]})

    assert (before["mode"], before["shop_hosts"]) == ("full", [])
    assert hosts["shop_hosts"] == ["shop.example.com", "xn--bcher-kva.example"]
    assert quiet == {**hosts, "mode": "anonymous"}
    assert (wrong.status_code, wrong.json["errors"][0]["field"]) == (422, "shop_hosts")


def test_words_are_kept_no_longer_than_their_entry(shop):
    at = f"{ROOT}/workspace/retention"

    kept = shop.patch(at, json={"content_days": 7}).json
    wrong = shop.patch(at, json={"entry_days": 6})

    assert (kept["content_days"], kept["entry_days"]) == (7, 365)
    assert (wrong.status_code, wrong.json["errors"][0]["field"]) == (422, "entry_days")
    assert shop.get(at).json == kept


def test_places_on_lists_are_read_by_themselves(shop, workspace, weekly):
    person = factories.subscriber(workspace, on=weekly)
    db.session.commit()

    places = shop.get(f"{ROOT}/subscribers/{person.public_id}/subscriptions").json

    assert [(place["list"], place["status"]) for place in places["data"]] == [(weekly.public_id, "active")]
