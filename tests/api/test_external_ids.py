"""Subscribers by the id that a program has for them."""

import csv
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select

from mailer.audience.merge import merge_subscribers
from mailer.audience.models import AddressChange, Subscriber
from mailer.audience.queries.narrowed import SubscriberFilter, select_subscribers
from mailer.audience.queries.subscribers import subscriber_by_external_id
from mailer.db import db
from mailer.exports.known import Chosen
from mailer.exports.one_person import whole_person
from mailer.exports.people import csv_of_people
from mailer.lib.clock import utcnow
from tests import factories

URL = "/api/v1/subscribers"


@pytest.fixture
def people(workspace, other_workspace) -> dict[str, Subscriber]:
    """Rosa, who is c-1; Joel, whom no program has named; Eva, who is c-3; and a c-1 of other people."""
    known = {
        "rosa": factories.subscriber(workspace, "rosa@example.com", external_id="c-1"),
        "joel": factories.subscriber(workspace, "joel@example.com"),
        "eva": factories.subscriber(workspace, "eva@example.com", external_id="c-3"),
        "cleo": factories.subscriber(other_workspace, "new@example.com", external_id="c-1"),
    }
    db.session.commit()
    return known


#: What is saved; who it is and what they have then, or the words of a conflict.
SAVED = [
    ({"email": "rosa@example.com"}, "rosa", ("rosa@example.com", "c-1")),
    ({"email": "ROSA@example.com", "external_id": " c-1 "}, "rosa", ("rosa@example.com", "c-1")),
    ({"email": "new@example.com", "external_id": "c-1"}, "rosa", ("new@example.com", "c-1")),
    ({"email": "joel@example.com", "external_id": "c-9"}, "joel", ("joel@example.com", "c-9")),
    ({"email": "joel@example.com", "external_id": "C-1"}, "joel", ("joel@example.com", "C-1")),
    ({"email": "joel@example.com", "external_id": ""}, "joel", ("joel@example.com", None)),
    ({"email": "rosa@example.com", "external_id": None}, "rosa", ("rosa@example.com", "c-1")),
    ({"email": "who@example.com", "external_id": "c-9"}, None, ("who@example.com", "c-9")),
]
CONFLICTS = [
    ({"email": "joel@example.com", "external_id": "c-1"}, ("rosa", "joel"), "merge the two"),
    ({"email": "eva@example.com", "external_id": "c-1"}, ("rosa", "eva"), "merge the two"),
    ({"email": "eva@example.com", "external_id": "c-9"}, ("eva",), "PATCH"),
]


@pytest.mark.parametrize(("said", "who", "has"), SAVED)
def test_a_known_id_says_who_is_meant_and_an_unknown_one_is_given(shop, people, said, who, has):
    answer = shop.post(URL, json=said)

    assert answer.status_code == (200 if who else 201)
    assert (answer.json["email"], answer.json["external_id"]) == has
    if who:
        assert answer.json["id"] == people[who].public_id
    assert shop.get(f"{URL}/{answer.json['id']}").json == answer.json


@pytest.mark.parametrize(("said", "named", "mended"), CONFLICTS)
def test_what_contradicts_itself_names_both_and_changes_nothing(shop, people, said, named, mended):
    answer = shop.post(URL, json={**said, "name": "Somebody else"})

    assert answer.status_code == 409
    assert all(people[one].public_id in answer.json["detail"] for one in named)
    assert mended in answer.json["detail"]
    assert {factories.refreshed(person).name for person in people.values()} == {""}


def test_each_of_many_is_answered_by_the_same_rules(shop, people):
    said = [said for said, *_ in CONFLICTS] + [
        {"email": "who@example.com", "external_id": "c-9"},
        {"email": "moved@example.com", "external_id": "c-9"},
        {"email": "bad@example.com", "external_id": "c-10", "locale": "no such"},
        {"email": "good@example.com", "external_id": "c-10"},
    ]

    answer = shop.post(f"{URL}/batch", json={"subscribers": said})

    assert [one["status"] for one in answer.json["data"]] == [409, 409, 409, 201, 200, 422, 201]
    assert all("external_id" in one["errors"] for one in answer.json["data"][:3])
    assert answer.json["data"][3]["subscriber"] == answer.json["data"][4]["subscriber"]
    assert answer.json["data"][4]["subscriber"]["email"] == "moved@example.com"


def test_a_changed_address_leaves_its_suppression_behind_and_is_remembered(shop, workspace, people):
    for email in ("rosa@example.com", "gone@example.com"):
        shop.post("/api/v1/suppressions", json={"email": email})

    shop.post(URL, json={"email": "gone@example.com", "external_id": "c-1"})

    assert [row.before for row in db.session.scalars(select(AddressChange))] == ["rosa@example.com"]
    suppressed = {one["email"] for one in shop.get("/api/v1/suppressions").json["data"]}
    assert suppressed == {"rosa@example.com", "gone@example.com"}


@pytest.mark.parametrize(
    ("said", "status", "has"),
    [
        ("c-9", 200, "c-9"),
        (None, 200, None),
        ("", 200, None),
        ("c-3", 409, "c-1"),
        ("a\nb", 422, "c-1"),
        ("x" * 255, 200, "x" * 255),
        ("x" * 256, 422, "c-1"),
    ],
)
def test_it_is_changed_and_forgotten_by_patch(shop, people, said, status, has):
    answer = shop.patch(f"{URL}/{people['rosa'].public_id}", json={"external_id": said})

    assert answer.status_code == status
    assert factories.refreshed(people["rosa"]).external_id == has


@pytest.fixture
def at_once(app, shop) -> Callable[..., list[Any]]:
    """Call from several programs at the same moment."""
    authorization = shop.environ_base["HTTP_AUTHORIZATION"]

    def call(*calls: tuple[str, str, dict[str, Any]]) -> list[Any]:
        start = Barrier(len(calls), timeout=30)

        def one(given: tuple[str, str, dict[str, Any]]) -> Any:
            method, url, body = given
            client = app.test_client()
            start.wait()
            return client.open(url, method=method, json=body, headers={"Authorization": authorization})

        db.session.remove()
        with ThreadPoolExecutor(len(calls)) as pool:
            return list(pool.map(one, calls))

    return call


def test_programs_that_save_one_new_id_at_once_make_one_person(at_once):
    emails = [f"new{number}@example.com" for number in range(4)]

    answers = at_once(*(("POST", URL, {"email": email, "external_id": "c-9"}) for email in emails * 2))

    assert {answer.status_code for answer in answers} <= {200, 201, 409}
    assert sum(answer.status_code == 201 for answer in answers) == 1
    only = db.session.query(Subscriber).one()
    assert (only.external_id, only.email in emails) == ("c-9", True)


def test_one_id_that_is_given_to_two_people_at_once_is_one_person_s(at_once, people):
    ids = [people[who].public_id for who in ("joel", "eva")]

    answers = at_once(*(("PATCH", f"{URL}/{one}", {"external_id": "c-9"}) for one in ids))

    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert db.session.query(Subscriber).filter_by(external_id="c-9").count() == 1


def test_it_finds_one_subscriber_of_the_workspace(shop, people):
    def found(external_id: str) -> list[str]:
        return [one["id"] for one in shop.get(URL, query_string={"external_id": external_id}).json["data"]]

    assert found("c-1") == [people["rosa"].public_id]
    assert found("C-1") == []


def test_staff_see_it_and_find_them_by_it(ana, people, sign_in):
    browser = sign_in(ana)
    rosa, joel = (f"/w/bakery/subscribers/{people[who].public_id}" for who in ("rosa", "joel"))

    assert rosa in browser.get("/w/bakery/subscribers?q=c-1").text
    assert "External id</dt><dd><code>c-1<" in browser.get(rosa).text
    assert "External id" not in browser.get(joel).text


@pytest.mark.parametrize(
    ("typed", "status", "has"), [("c-9", 302, "c-9"), ("", 302, None), ("c-3", 422, "c-1")]
)
def test_staff_change_it(ana, people, sign_in, typed, status, has):
    browser, rosa = sign_in(ana), f"/w/bakery/subscribers/{people['rosa'].public_id}"
    assert 'value="c-1"' in browser.get(f"{rosa}/edit").text

    answer = browser.post(rosa, data={"email": "rosa@example.com", "external_id": typed})

    assert answer.status_code == status
    assert factories.refreshed(people["rosa"]).external_id == has


def test_it_stands_in_a_file_of_everybody(workspace, people):
    chosen = Chosen(workspace.id, select_subscribers(workspace.id, SubscriberFilter()))

    headings, *rows = csv.reader(io.StringIO("".join(csv_of_people(chosen))))

    at = headings.index("External id")
    assert {row[0]: row[at] for row in rows} == {
        "rosa@example.com": "c-1",
        "joel@example.com": "",
        "eva@example.com": "c-3",
    }


def test_an_event_may_name_them_so(shop, people):
    told = shop.post("/api/v1/events", json={"name": "order.placed", "external_id": "c-1"})
    unknown = shop.post("/api/v1/events", json={"name": "order.placed", "external_id": "c-9"})
    twice = shop.post(
        "/api/v1/events", json={"name": "order.placed", "external_id": "c-1", "email": "rosa@example.com"}
    )

    assert (told.status_code, told.json["subscriber"]) == (201, people["rosa"].public_id)
    assert (unknown.status_code, twice.status_code) == (422, 422)


@pytest.mark.parametrize(("kept", "gone", "has"), [("rosa", "eva", "c-1"), ("joel", "eva", "c-3")])
def test_who_is_kept_of_two_keeps_theirs_or_takes_the_others(workspace, people, kept, gone, has):
    merge_subscribers(people[kept], people[gone], now=utcnow())
    db.session.commit()

    assert whole_person(factories.refreshed(people[kept]))["external_id"] == has
    free = "c-3" if has == "c-1" else "c-1"
    other = subscriber_by_external_id(workspace.id, free)
    assert other is (None if has == "c-1" else people["rosa"])
