"""``/api/v1/subscribers``."""

import pytest

from mailer.accounts.scopes import READING
from mailer.audience.models import FieldType, OptIn, Subscriber, SubscriptionStatus
from mailer.audience.queries.fields_and_tags import fields_of
from mailer.audience.queries.subscribers import subscriber_by_email
from mailer.audience.tags import add_tags
from mailer.consent.models import Act, Channel, ConsentRecord
from mailer.consent.subscribe import subscription_of
from mailer.db import db
from tests import factories

URL = "/api/v1/subscribers"


def test_a_subscriber_is_saved_with_all_that_is_known(shop, workspace):
    weekly = factories.mailing_list(workspace, opt_in=OptIn.SINGLE)
    db.session.commit()

    answer = shop.post(
        URL,
        json={
            "email": "Zoë@Example.com",
            "name": "Zoë",
            "locale": "pt-BR",
            "time_zone": "Europe/Lisbon",
            "fields": {"city": "Lisboa", "loaves": 3, "likes_rye": True},
            "tags": ["regular", "vip"],
            "lists": [weekly.public_id],
            "status": "active",
        },
    )

    assert answer.status_code == 201
    shown = answer.json
    assert shown["id"].startswith("sub_")
    assert shown["email"] == "Zoë@example.com"
    assert (shown["name"], shown["locale"], shown["time_zone"]) == ("Zoë", "pt-BR", "Europe/Lisbon")
    assert shown["fields"] == {"city": "Lisboa", "loaves": 3, "likes_rye": True}
    assert shown["tags"] == ["regular", "vip"]
    assert [(place["list"], place["status"]) for place in shown["subscriptions"]] == [
        (weekly.public_id, "active")
    ]
    kinds = {field.key: field.type for field in fields_of(workspace.id)}
    assert kinds == {"city": FieldType.TEXT, "loaves": FieldType.NUMBER, "likes_rye": FieldType.BOOLEAN}
    assert shop.get(f"{URL}/{shown['id']}").json == shown


def test_several_choices_are_a_list(shop, workspace):
    made = shop.post(
        "/api/v1/fields", json={"label": "Breads", "type": "choices", "choices": ["Rye", "Spelt"]}
    )
    saved = shop.post(URL, json={"email": "zoe@example.com", "fields": {"breads": ["spelt", "Rye"]}})
    refused = shop.post(URL, json={"email": "zoe@example.com", "fields": {"breads": ["Toast"]}})

    assert made.status_code == 201
    assert saved.json["fields"] == {"breads": ["Rye", "Spelt"]}
    assert refused.status_code == 422


def test_a_known_address_is_updated_in_what_is_given(shop, workspace):
    ana = factories.subscriber(workspace, "ana@example.com", name="Ana", locale="en", fields={"city": "York"})
    add_tags(ana, ["vip"])
    db.session.commit()

    answer = shop.post(
        URL, json={"email": "ANA@example.com", "name": "Ana B.", "fields": {"age": 40}, "tags": ["new"]}
    )

    assert answer.status_code == 200
    assert answer.json["id"] == ana.public_id
    assert (answer.json["name"], answer.json["locale"]) == ("Ana B.", "en")
    assert answer.json["fields"] == {"city": "York", "age": 40}
    assert answer.json["tags"] == ["new", "vip"]


@pytest.mark.parametrize("opt_in", OptIn)
@pytest.mark.parametrize("status", ["active", "pending"])
def test_who_left_is_not_brought_back(shop, workspace, opt_in, status, queued):
    weekly = factories.mailing_list(workspace, opt_in=opt_in)
    ana = factories.subscriber(workspace, on=weekly, status=SubscriptionStatus.UNSUBSCRIBED)
    db.session.commit()

    answer = shop.post(URL, json={"email": ana.email, "lists": [weekly.public_id], "status": status})

    assert answer.status_code == 200
    assert [place["status"] for place in answer.json["subscriptions"]] == ["unsubscribed"]
    assert queued() == []


def test_active_answers_for_the_consent_even_with_double_opt_in(shop, workspace, queued):
    weekly = factories.mailing_list(workspace, opt_in=OptIn.DOUBLE)
    db.session.commit()

    shop.post(URL, json={"email": "ana@example.com", "lists": [weekly.public_id], "status": "active"})

    ana = subscriber_by_email(workspace.id, "ana@example.com")
    assert subscription_of(ana, weekly).is_active
    proof = db.session.query(ConsentRecord).one()
    assert (proof.act, proof.via) == (Act.SUBSCRIBED, Channel.API)
    assert "“Shop”" in proof.words
    assert [name for name, *_ in queued()] == []


def test_pending_on_a_list_with_double_opt_in_asks_by_mail_once(shop, workspace, queued):
    weekly = factories.mailing_list(workspace, opt_in=OptIn.DOUBLE)
    db.session.commit()

    for _ in range(2):
        shop.post(URL, json={"email": "ana@example.com", "lists": [weekly.public_id], "status": "pending"})

    ana = subscriber_by_email(workspace.id, "ana@example.com")
    assert subscription_of(ana, weekly).status is SubscriptionStatus.PENDING
    assert [name for name, *_ in queued()] == ["send_confirmation"]


def test_unknown_lists_are_named_and_nobody_is_saved(shop, workspace, other_workspace):
    ours = factories.mailing_list(workspace)
    theirs = factories.mailing_list(other_workspace, "Cheese")
    db.session.commit()

    answer = shop.post(
        URL,
        json={"email": "ana@example.com", "lists": [ours.public_id, theirs.public_id], "status": "active"},
    )

    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == "lists"
    assert theirs.public_id in answer.json["message"]
    assert ours.public_id not in answer.json["message"]
    assert db.session.query(Subscriber).count() == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "email"),
        ({"email": "nobody"}, "email"),
        ({"email": "a@b@example.com"}, "email"),
        ({"email": "ana@example.com\nBcc: eve@example.com"}, "email"),
        ({"email": "ana@example.com", "name": "Ana\r\nBcc: eve@example.com"}, "name"),
        ({"email": "ana@example.com", "name": "\x00"}, "name"),
        ({"email": "ana@example.com", "name": "x" * 201}, "name"),
        ({"email": "ana@example.com", "locale": "klingon!"}, "locale"),
        ({"email": "ana@example.com", "time_zone": "Mars/Olympus"}, "time_zone"),
        ({"email": "ana@example.com", "fields": {"Not A Key": "x"}}, "fields.Not A Key"),
        ({"email": "ana@example.com", "fields": {"city": ["a"]}}, "fields.city"),
        ({"email": "ana@example.com", "fields": {"city": "a\x01"}}, "fields.city"),
        ({"email": "ana@example.com", "tags": ["a,b"]}, "tags.0"),
        ({"email": "ana@example.com", "tags": "vip"}, "tags"),
        ({"email": "ana@example.com", "lists": ["1"]}, "lists.0"),
        ({"email": "ana@example.com", "status": "unsubscribed"}, "status"),
        ({"email": "ana@example.com", "id": "sub_1"}, "id"),
    ],
)
def test_what_cannot_be_used_is_named(shop, body, field):
    answer = shop.post(URL, json=body)

    assert answer.status_code == 422
    assert field in {problem["field"] for problem in answer.json["errors"]}
    assert db.session.query(Subscriber).count() == 0


def test_a_value_must_fit_the_field_that_there_is(shop, workspace):
    shop.post(URL, json={"email": "ana@example.com", "fields": {"loaves": 3}})

    answer = shop.post(URL, json={"email": "ana@example.com", "fields": {"loaves": "many"}})

    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == "fields.loaves"


def test_filters_narrow_to_list_status_tag_and_address(shop, workspace, other_workspace):
    weekly = factories.mailing_list(workspace)
    classes = factories.mailing_list(workspace, "Classes")
    ana = factories.subscriber(workspace, "ana@example.com", on=weekly)
    ben = factories.subscriber(workspace, "ben@example.com", on=weekly, status=SubscriptionStatus.PENDING)
    factories.subscription(ben, classes)
    add_tags(ben, ["vip"])
    stranger = factories.subscriber(other_workspace, "ana@example.com")
    add_tags(stranger, ["vip"])
    db.session.commit()

    def found(query: str) -> list[str]:
        return [entry["email"] for entry in shop.get(f"{URL}?{query}").json["data"]]

    assert found("") == [ben.email, ana.email]
    assert found(f"list={weekly.public_id}") == [ben.email, ana.email]
    assert found(f"list={weekly.public_id}&status=active") == [ana.email]
    assert found("tag=VIP") == [ben.email]
    assert found("email=ANA@example.com") == [ana.email]
    assert found("email=nobody@example.com") == []


def test_a_filter_by_what_is_not_there_says_so(shop, workspace, other_workspace):
    theirs = factories.mailing_list(other_workspace)
    db.session.commit()

    assert shop.get(f"{URL}?list={theirs.public_id}").status_code == 404
    assert shop.get(f"{URL}?tag=unknown").status_code == 422
    assert shop.get(f"{URL}?status=gone").status_code == 422


def test_a_reading_key_reads_only(program, workspace):
    reader = program(workspace, READING)

    assert reader.get(URL).status_code == 200
    refused = reader.post(URL, json={"email": "ana@example.com"})

    assert (refused.status_code, refused.json["name"]) == (403, "restricted_api_key")
    assert db.session.query(Subscriber).count() == 0
