"""``/api/v1/events``."""

import pytest

from mailer.db import db
from mailer.events.models import CustomEvent
from tests import factories

URL = "/api/v1/events"


@pytest.fixture
def rosa(workspace):
    person = factories.subscriber(workspace, "rosa@example.com")
    db.session.commit()
    return person


def test_a_shop_tells_of_an_order_and_reads_it_again(shop, rosa):
    order = {
        "name": "order.placed",
        "email": "ROSA@example.com",
        "at": "2026-01-02T03:04:05+01:00",
        "key": "1001",
        "value": 24.5,
        "currency": "EUR",
        "properties": {"shop": "Porto", "loaves": 3, "is_gift": False},
    }

    told, again = shop.post(URL, json=order), shop.post(URL, json={**order, "value": 1})

    assert (told.status_code, again.status_code) == (201, 200)
    assert told.json == again.json == shop.get(f"{URL}/{told.json['id']}").json
    assert told.json["subscriber"] == rosa.public_id
    assert told.json["at"] == "2026-01-02T02:04:05Z"
    assert (told.json["value"], told.json["properties"]) == (24.5, order["properties"])


def test_events_are_read_by_name_and_by_person(shop, workspace, other_workspace, rosa):
    sam = factories.subscriber(workspace)
    db.session.commit()
    for person, name in ((rosa, "a"), (rosa, "b"), (sam, "a")):
        shop.post(URL, json={"name": name, "subscriber": person.public_id})

    by_name = shop.get(URL, query_string={"name": "a"}).json["data"]
    by_person = shop.get(URL, query_string={"subscriber": rosa.public_id}).json["data"]

    assert [each["subscriber"] for each in by_name] == [sam.public_id, rosa.public_id]
    assert [each["name"] for each in by_person] == ["b", "a"]


@pytest.mark.parametrize(
    "whose",
    [{}, {"email": "rosa@example.com", "subscriber": "sub_x"}, {"email": "nobody@example.com"}],
)
def test_whose_event_it_is_must_be_known(shop, rosa, whose):
    assert shop.post(URL, json={"name": "a", **whose}).status_code == 422


def test_nobody_tells_of_other_workspaces_people(shop, other_workspace):
    theirs = factories.subscriber(other_workspace)
    db.session.commit()

    assert shop.post(URL, json={"name": "a", "subscriber": theirs.public_id}).status_code == 404
    assert db.session.query(CustomEvent).count() == 0
