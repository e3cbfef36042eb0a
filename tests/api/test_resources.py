"""Each resource of the product, made, read, changed and taken away by a program."""

import base64
from datetime import timedelta

import pytest

from mailer.accounts.scopes import READING
from mailer.audience.models import OptIn, Subscriber, Subscription, SubscriptionStatus
from mailer.consent.models import ConsentRecord, LiftedSuppression, Suppression
from mailer.db import db
from mailer.lib.clock import utcnow
from tests import factories

ROOT = "/api/v1"


@pytest.fixture
def weekly(workspace):
    weekly = factories.mailing_list(workspace, opt_in=OptIn.SINGLE)
    db.session.commit()
    return weekly


def ids(answer):
    return [row["id"] for row in answer.json["data"]]


def test_a_list_changes_only_where_it_is_told_to(shop, weekly):
    url = f"{ROOT}/lists/{weekly.public_id}"
    before = shop.get(url).json

    changed = shop.patch(url, json={"description": "Every Sunday"})
    shop.post(f"{url}/archive")

    assert changed.json == {**before, "description": "Every Sunday"}
    assert ids(shop.get(f"{ROOT}/lists")) == []
    assert ids(shop.get(f"{ROOT}/lists?archived=true")) == [weekly.public_id]
    assert shop.post(f"{url}/restore").json["archived_at"] is None


def test_a_subscriber_changes_only_where_it_is_told_to(shop, workspace, weekly):
    person = factories.subscriber(workspace, "ana@example.com", on=weekly, name="Ana")
    other = factories.subscriber(workspace)
    db.session.commit()
    url = f"{ROOT}/subscribers/{person.public_id}"

    shop.patch(url, json={"fields": {"city": "Porto", "visits": 3}, "tags": ["vip", "bread"]})
    changed = shop.patch(url, json={"email": "ana@new.example", "fields": {"visits": None}, "tags": ["vip"]})
    taken = shop.patch(url, json={"email": other.email})

    assert changed.json["name"] == "Ana"
    assert (changed.json["email"], changed.json["fields"], changed.json["tags"]) == (
        "ana@new.example",
        {"city": "Porto"},
        ["vip"],
    )
    assert changed.json["subscriptions"][0]["status"] == "active"
    assert (taken.status_code, taken.json["errors"][0]["field"]) == (422, "email")
    assert shop.delete(url).status_code == 204
    assert shop.get(url).status_code == 404


def test_many_are_saved_at_once_with_an_answer_for_each(shop, workspace, weekly):
    archived = factories.mailing_list(workspace, "Old", archived_at=utcnow())
    known = factories.subscriber(workspace, "known@example.com")
    db.session.commit()
    people = [
        {"email": "new@example.com", "lists": [weekly.public_id], "status": "active"},
        {"email": "known@example.com", "name": "Known"},
        {"email": "late@example.com", "lists": [archived.public_id]},
    ]

    answer = shop.post(f"{ROOT}/subscribers/batch", json={"subscribers": people})
    strict = shop.post(
        f"{ROOT}/subscribers/batch",
        json={"subscribers": [{"email": "x@example.com"}, people[2]], "mode": "strict"},
    )

    assert [row["status"] for row in answer.json["data"]] == [201, 200, 409]
    assert answer.json["data"][1]["subscriber"]["id"] == known.public_id
    assert "archived" in answer.json["data"][2]["message"]
    assert strict.status_code == 409
    emails = {email for (email,) in db.session.query(Subscriber.email)}
    assert emails == {"new@example.com", "known@example.com"}


def test_joining_and_leaving_leaves_proofs(shop, workspace, weekly):
    person = factories.subscriber(workspace)
    db.session.commit()
    url = f"{ROOT}/subscribers/{person.public_id}"

    shop.post(f"{url}/subscribe", json={"lists": [weekly.public_id], "words": "ticked the box at the till"})
    left = shop.post(f"{url}/unsubscribe", json={})
    again = shop.post(f"{url}/subscribe", json={"lists": [weekly.public_id], "status": "active"})

    assert left.json["subscriptions"][0]["status"] == "unsubscribed"
    assert again.json["subscriptions"][0]["status"] == "unsubscribed"
    proofs = shop.get(f"{url}/consent").json["data"]
    assert [(row["act"], row["via"]) for row in proofs] == [("unsubscribed", "api"), ("subscribed", "api")]
    assert "ticked the box at the till" in proofs[1]["words"]
    assert any("Shop" in event["text"] + event["detail"] for event in shop.get(f"{url}/events").json["data"])


def test_tags_go_on_and_off_many(shop, workspace):
    people = [factories.subscriber(workspace).public_id for _ in range(3)]
    db.session.commit()

    put = shop.post(f"{ROOT}/subscribers/tag", json={"subscribers": people, "tags": ["vip"]})
    shop.post(f"{ROOT}/subscribers/untag", json={"subscribers": people[:1], "tag": "VIP"})

    (tag,) = shop.get(f"{ROOT}/tags").json["data"]
    assert put.json["count"] == 3
    assert (tag["name"], tag["count"]) == ("vip", 2)
    assert shop.patch(f"{ROOT}/tags/{tag['id']}", json={"name": "regulars"}).json["count"] == 2
    assert shop.delete(f"{ROOT}/tags/{tag['id']}").status_code == 204
    erased = shop.post(f"{ROOT}/subscribers/erase", json={"subscribers": people})
    assert (erased.json["count"], db.session.query(Subscriber).count()) == (3, 0)


def test_a_field_keeps_its_key_and_type(shop):
    made = shop.post(f"{ROOT}/fields", json={"label": "Size", "type": "choice", "choices": ["S", "L"]}).json
    url = f"{ROOT}/fields/{made['id']}"

    changes = {"choices": ["S", "M", "L"], "default_value": "M", "editor": "person", "is_required": True}
    changed = shop.patch(url, json=changes)

    assert changed.json == {**made, **changes}
    assert shop.patch(url, json={"type": "text"}).status_code == 422
    assert shop.delete(url).status_code == 204


def test_a_suppression_is_lifted_with_a_reason(shop):
    made = shop.post(f"{ROOT}/suppressions", json={"email": "Gone@example.com"}).json
    shop.post(f"{ROOT}/suppressions/batch", json={"emails": ["a@example.com", "b@example.com"]})

    without = shop.post(f"{ROOT}/suppressions/{made['id']}/lift", json={"words": ""})
    lifted = shop.post(f"{ROOT}/suppressions/{made['id']}/lift", json={"words": "A mistake"})

    assert (without.status_code, lifted.json) == (422, made)
    assert ids(shop.get(f"{ROOT}/suppressions?search=gone")) == []
    assert (db.session.query(LiftedSuppression).count(), db.session.query(Suppression).count()) == (1, 2)


def test_a_segment_changes_only_where_it_is_told_to(shop):
    conditions = {"type": "group", "match": "all", "conditions": [{"type": "did", "deed": "opened"}]}
    made = shop.post(f"{ROOT}/segments", json={"name": "Readers", "conditions": conditions}).json

    changed = shop.patch(f"{ROOT}/segments/{made['id']}", json={"name": "Regulars"}).json

    assert (changed["name"], changed["conditions"]) == ("Regulars", made["conditions"])
    assert (made["enter_tags"], made["followed_at"]) == ([], None)


def test_a_segment_tags_whoever_enters_it_and_is_followed_for_it(shop):
    conditions = {"type": "group", "match": "all", "conditions": [{"type": "did", "deed": "opened"}]}
    made = shop.post(
        f"{ROOT}/segments",
        json={"name": "Readers", "conditions": conditions, "enter_tags": ["reader", "warm"]},
    ).json

    assert made["enter_tags"] == ["reader", "warm"]
    assert made["followed_at"]
    changed = shop.patch(f"{ROOT}/segments/{made['id']}", json={"enter_tags": ["warm"]}).json
    assert changed["enter_tags"] == ["warm"]
    listed = shop.get(f"{ROOT}/segments").json["data"]
    assert [each["enter_tags"] for each in listed] == [["warm"]]


def test_a_template_is_drafted_published_and_rolled_back(shop):
    html = "<html><body>{{ content }}</body></html>"
    made = shop.post(f"{ROOT}/templates", json={"name": "Plain", "html": html}).json
    url = f"{ROOT}/templates/{made['id']}"

    draft = shop.patch(url, json={"html": html.replace("<body>", "<body><p>Hi</p>")}).json
    published = shop.post(f"{url}/publish", json={"note": "A greeting"}).json
    back = shop.post(f"{url}/versions/1/roll-back").json

    assert (draft["version"], draft["changed"], draft["name"]) == (1, True, "Plain")
    assert (published["version"], published["changed"]) == (2, False)
    assert (back["version"], back["html"]) == (3, html)
    assert [row["number"] for row in shop.get(f"{url}/versions").json["data"]] == [3, 2, 1]
    assert "A headline" in shop.get(f"{url}/render").json["html"]
    assert shop.post(f"{url}/duplicate").json["name"] == "Plain (copy)"
    assert shop.post(f"{url}/archive").json["archived_at"]


def test_a_picture_is_kept_described_and_put_away(shop):
    content = base64.b64encode(factories.picture_bytes()).decode()

    made = shop.post(f"{ROOT}/media", json={"file_name": "loaf.png", "content": content}).json
    url = f"{ROOT}/media/{made['id']}"

    assert shop.patch(url, json={"alt": "A loaf"}).json["alt"] == "A loaf"
    assert shop.delete(url).status_code == 204
    assert ids(shop.get(f"{ROOT}/media")) == []
    assert shop.post(f"{url}/restore").json["removed_at"] is None
    assert shop.post(f"{ROOT}/media", json={"file_name": "x.png", "content": "bm8="}).status_code == 422


def test_a_campaign_is_changed_scheduled_stopped_and_copied(shop, workspace, weekly):
    factories.subscriber(workspace, on=weekly)
    db.session.commit()
    made = shop.post(
        f"{ROOT}/campaigns", json={"subject": "Sunday", "from": "ana@bakery.example", "body": "Hello"}
    ).json
    url = f"{ROOT}/campaigns/{made['id']}"
    later = (utcnow() + timedelta(days=1)).isoformat()

    changed = shop.patch(url, json={"lists": [weekly.public_id], "priority": "high"}).json
    preflight = shop.get(f"{url}/preflight").json
    scheduled = shop.post(f"{url}/schedule", json={"at": later}).json
    back = shop.post(f"{url}/unschedule").json
    sent = shop.post(f"{url}/send").json
    states = [shop.post(f"{url}/{verb}").json["status"] for verb in ("pause", "resume", "cancel")]

    assert {**changed, "lists": [], "priority": "normal"} == {**made, "updated_at": changed["updated_at"]}
    assert (preflight["ready"], preflight["people"]) == (True, 1)
    assert [one["status"] for one in (scheduled, back, sent)] == ["scheduled", "draft", "sending"]
    assert states == ["paused", "sending", "cancelled"]
    assert shop.patch(url, json={"subject": "Late"}).status_code == 409
    copy = shop.post(f"{url}/duplicate")
    assert (copy.status_code, copy.json["subject"], copy.json["status"]) == (201, "Sunday", "draft")
    assert shop.delete(f"{ROOT}/campaigns/{copy.json['id']}").status_code == 204
    assert ids(shop.get(f"{ROOT}/campaigns")) == [made["id"]]
    assert shop.post(f"{ROOT}/campaigns/{copy.json['id']}/restore").json["status"] == "draft"


def test_a_campaign_speaks_other_languages_and_is_tested(shop, workspace, queued):
    made = shop.post(
        f"{ROOT}/campaigns", json={"subject": "Sunday", "from": "ana@bakery.example", "body": "Hello"}
    ).json
    url = f"{ROOT}/campaigns/{made['id']}"

    shop.post(f"{url}/variants", json={"locale": "de"})
    words = shop.patch(f"{url}/variants/de", json={"subject": "Sonntag"}).json
    tested = shop.post(f"{url}/test", json={"to": ["ben@example.com"], "locale": "de"})

    assert (words["subject"], words["body"], words["language"]) == ("Sonntag", "Hello", "German")
    assert shop.get(url).json["locales"] == ["de"]
    assert tested.json["to"] == ["ben@example.com"]
    assert [name for name, *_ in queued()] == ["deliver_transactional"]
    assert shop.delete(f"{url}/variants/de").status_code == 204
    assert shop.get(f"{url}/variants").json["data"] == []


def test_a_file_is_imported_and_taken_back(shop, weekly, work_off):
    file = "E-mail;Name;City;No.\nana@example.com;Ana;Porto;0017\nnobody;X;Y;\n"
    body = {
        "content": base64.b64encode(file.encode()).decode(),
        "lists": [weekly.public_id],
        "consent_basis": "Asked at the till in spring.",
        "columns": {"No.": "external_id"},
    }

    started = shop.post(f"{ROOT}/imports", json=body)
    work_off()
    url = f"{ROOT}/imports/{started.json['id']}"
    done = shop.get(url).json

    assert started.status_code == 202
    assert (done["status"], done["counts"]["added"], done["counts"]["subscribed"]) == ("finished", 1, 1)
    assert [row["row"] for row in done["refusals"]] == [3]
    found = shop.get(f"{ROOT}/subscribers", query_string={"external_id": "0017"}).json["data"]
    assert [one["email"] for one in found] == ["ana@example.com"]
    shop.post(f"{url}/undo")
    work_off()
    assert shop.get(url).json["status"] == "undone"
    assert shop.post(f"{ROOT}/imports", json={**body, "consent_basis": ""}).status_code == 422


def test_people_are_exported_as_a_file(shop, workspace, weekly):
    factories.subscriber(workspace, "ana@example.com", on=weekly)
    factories.subscriber(workspace, "ben@example.com")
    db.session.commit()

    everyone = shop.get(f"{ROOT}/exports/subscribers", buffered=True)
    some = shop.get(f"{ROOT}/exports/subscribers?list={weekly.public_id}&format=jsonl", buffered=True)

    assert everyone.mimetype == "text/csv"
    assert everyone.text.count("@example.com") == 2
    assert some.text.count("\n") == 1
    assert shop.get(f"{ROOT}/exports/suppressions", buffered=True).status_code == 200
    assert shop.get(f"{ROOT}/exports/subscribers?list=lst_1").status_code == 404


def test_senders_and_servers_are_looked_after(shop, queued):
    sender = shop.post(f"{ROOT}/senders", json={"email": "ana@bakery.example", "name": "Ana"}).json
    server = shop.post(f"{ROOT}/transports", json={"host": "smtp.example.com", "password": "hush"}).json
    url = f"{ROOT}/transports/{server['id']}"

    assert shop.patch(f"{ROOT}/senders/{sender['id']}", json={"name": "Ben"}).json["name"] == "Ben"
    assert shop.delete(f"{ROOT}/senders/{sender['id']}").status_code == 204
    assert "hush" not in shop.get(url).text
    assert shop.patch(url, json={"weight": 5}).json == {**shop.get(url).json, "weight": 5}
    assert shop.post(f"{url}/disable").json["enabled"] is False
    assert shop.post(f"{url}/enable").json["enabled"] is True
    assert shop.delete(url).status_code == 204


def test_a_password_never_goes_along_to_another_server(app, shop):
    server = shop.post(f"{ROOT}/transports", json={"host": "smtp.example.com", "password": "hush"}).json
    url = f"{ROOT}/transports/{server['id']}"
    stored = "SELECT password_encrypted FROM transports"

    shop.patch(url, json={"name": "Ours"})
    kept = db.session.execute(db.text(stored)).scalar()
    shop.patch(url, json={"host": "smtp.elsewhere.example"})

    assert kept
    assert db.session.execute(db.text(stored)).scalar() == ""


def test_a_domain_shows_the_record_to_publish(shop):
    made = shop.post(f"{ROOT}/domains", json={"domain": "bakery.example"}).json
    url = f"{ROOT}/domains/{made['id']}"

    (key,) = made["keys"]
    assert (key["state"], key["record_value"][:12]) == ("pending", "v=DKIM1; k=r")
    assert shop.post(f"{url}/keys/{key['id']}/activate").json["keys"][0]["state"] == "active"
    assert shop.patch(url, json={"return_path": "back.bakery.example"}).json["signing"] is True
    assert len(shop.post(f"{url}/keys", json={"algorithm": "ed25519"}).json["keys"]) == 2
    assert shop.post(f"{ROOT}/domains", json={"domain": "bakery.example"}).status_code == 409
    assert shop.delete(url).status_code == 204


def test_a_workspace_is_told_its_zone(shop, ana):
    db.session.commit()
    changed = shop.patch(f"{ROOT}/workspace", json={"time_zone": "Europe/Lisbon", "postal_address": "1 Rua"})

    assert (changed.json["time_zone"], changed.json["name"]) == ("Europe/Lisbon", "Ana’s Bakery")
    assert shop.patch(f"{ROOT}/workspace", json={"time_zone": "Mars"}).status_code == 422
    assert shop.patch(f"{ROOT}/workspace", json={"slug": "mine"}).status_code == 422
    assert [row["email"] for row in shop.get(f"{ROOT}/members").json["data"]] == ["ana@example.com"]


def test_a_key_that_leaked_is_taken_back_by_another(program, workspace):
    shop, leaked = program(workspace), program(workspace, READING)
    key = shop.get(f"{ROOT}/api-keys").json["data"][0]

    revoked = shop.post(f"{ROOT}/api-keys/{key['id']}/revoke")

    assert (revoked.status_code, key["scopes"]) == (200, [READING])
    assert leaked.get(f"{ROOT}/lists").status_code == 401


def test_what_is_about_another_workspace_is_refused_in_a_body(shop, other_workspace):
    stranger = factories.subscriber(other_workspace, on=factories.mailing_list(other_workspace))
    place = db.session.query(Subscription).one()
    db.session.commit()
    theirs = stranger.public_id
    joining = {"email": "a@example.com", "lists": [place.list.public_id]}

    answers = [
        shop.post(f"{ROOT}/subscribers/tag", json={"subscribers": [theirs], "tags": ["x"]}),
        shop.post(f"{ROOT}/subscribers/erase", json={"subscribers": [theirs]}),
        shop.post(f"{ROOT}/campaigns", json={"lists": [place.list.public_id]}),
        shop.post(f"{ROOT}/subscribers/batch", json={"subscribers": [joining]}),
    ]

    assert [answer.status_code for answer in answers] == [422, 422, 422, 200]
    assert answers[3].json["data"][0]["status"] == 422
    assert db.session.get(Subscriber, stranger.id) is not None
    assert factories.refreshed(place).status is SubscriptionStatus.ACTIVE
    assert db.session.query(ConsentRecord).count() == 0


def test_a_brand_changes_only_where_it_is_told_to(shop, workspace):
    url = f"{ROOT}/workspace/brand"
    workspace.postal_address = "12 Rye Lane"
    db.session.commit()
    before = shop.get(url).json

    changed = shop.patch(url, json={"accent": "#B4532A", "colors": {"link": "#123456"}, "logo_alt": "Ana’s"})
    wrong = [
        shop.patch(url, json=one).status_code
        for one in (
            {"accent": "red"},
            {"colors": {"shadow": "#123456"}},
            {"font": "papyrus"},
            {"logo_src": "x"},
        )
    ]

    assert changed.json == {**before, "accent": "#b4532a", "colors": {"link": "#123456"}, "logo_alt": "Ana’s"}
    assert (shop.get(url).json, wrong) == (changed.json, [422] * 4)
    assert shop.get(f"{ROOT}/workspace").json["postal_address"] == "12 Rye Lane"
