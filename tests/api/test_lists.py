"""``/api/v1/lists``."""

import pytest

from mailer.audience.models import MailingList, OptIn, Visibility
from mailer.db import db
from mailer.lib.clock import utcnow
from tests import factories


def test_a_list_is_made_and_read_back(shop, workspace):
    answer = shop.post(
        "/api/v1/lists", json={"name": "Weekly bread", "opt_in": "single", "visibility": "private"}
    )

    assert answer.status_code == 201
    made = answer.json
    assert made["id"].startswith("lst_")
    assert made["counts"] == {"active": 0, "pending": 0, "unsubscribed": 0}
    row = db.session.query(MailingList).one()
    assert (row.name, row.opt_in, row.visibility) == ("Weekly bread", OptIn.SINGLE, Visibility.PRIVATE)
    assert shop.get("/api/v1/lists").json == {"object": "list", "has_more": False, "data": [made]}


def test_the_name_alone_makes_a_public_list_with_double_opt_in(shop):
    made = shop.post("/api/v1/lists", json={"name": "Weekly bread"}).json

    assert (made["opt_in"], made["visibility"]) == ("double", "public")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"name": "nothing\x00"}, "name"),
        ({"name": "half a \ud83d pair"}, "name"),
        ({"name": 7}, "name"),
        ({"name": "Bread", "opt_in": "triple"}, "opt_in"),
        ({"name": "Bread", "visibility": None}, "visibility"),
        ({"name": "Bread", "workspace_id": "wsp_1"}, "workspace_id"),
    ],
)
def test_what_cannot_be_used_is_named(shop, body, field):
    answer = shop.post("/api/v1/lists", json=body)

    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    assert [problem["field"] for problem in answer.json["errors"]] == [field]
    assert db.session.query(MailingList).count() == 0


def test_a_name_that_is_taken_is_refused(shop, workspace):
    factories.mailing_list(workspace, "Weekly bread")
    db.session.commit()

    answer = shop.post("/api/v1/lists", json={"name": "weekly BREAD"})

    assert answer.status_code == 422
    assert "already a list" in answer.json["message"]


def test_a_change_leaves_alone_what_it_does_not_name(shop, workspace):
    values = {"description": "Every Sunday.", "opt_in": OptIn.SINGLE, "most_per_day": 1, "most_per_week": 3}
    bread = factories.mailing_list(workspace, "Weekly bread", **values)
    db.session.commit()

    renamed = shop.patch(f"/api/v1/lists/{bread.public_id}", json={"name": "Bread"}).json
    freed = shop.patch(f"/api/v1/lists/{bread.public_id}", json={"most_per_day": None}).json

    assert {name: renamed[name] for name in values} == {**values, "opt_in": "single"}
    assert (freed["name"], freed["most_per_day"], freed["most_per_week"]) == ("Bread", None, 3)


def test_pages_lead_through_all_lists_and_no_further(shop, workspace, other_workspace):
    names = [factories.mailing_list(workspace, f"List {number}").name for number in range(5)]
    factories.mailing_list(workspace, "Retired", archived_at=utcnow())
    factories.mailing_list(other_workspace, "Cheese")
    db.session.commit()

    first = shop.get("/api/v1/lists?limit=2").json
    second = shop.get(f"/api/v1/lists?limit=2&after={first['data'][-1]['id']}").json
    third = shop.get(f"/api/v1/lists?limit=2&after={second['data'][-1]['id']}").json
    back = shop.get(f"/api/v1/lists?limit=2&before={third['data'][0]['id']}").json

    pages = [first, second, third]
    assert [entry["name"] for page in pages for entry in page["data"]] == names[::-1]
    assert [page["has_more"] for page in pages] == [True, True, False]
    assert back["data"] == second["data"]
    assert back["has_more"]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=501", "limit=x", "after=lst_1", "after=%00", "before='", "sort=name"]
)
def test_a_page_that_cannot_be_asked_for_is_refused(shop, query):
    assert shop.get(f"/api/v1/lists?{query}").status_code == 422
