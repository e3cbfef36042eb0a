"""A workspace's mail leaves by its own servers, around those in trouble, as all workers know it."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from mailer.db import db
from mailer.delivery import health
from mailer.delivery.models import RouteHealth, Tls, Transport
from mailer.delivery.routes import DEFAULT, route_for_one, routes_for, usable_routes
from mailer.delivery.transports import remove_transport, save_transport, switch_transport
from mailer.lib.clock import utcnow
from tests import factories

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
BAKERY = "bakery.example"


def seconds(number):
    return timedelta(seconds=number)


@pytest.fixture
def server(workspace):
    """Add one of Ana's servers."""

    def make(host, **values):
        row = Transport(
            workspace_id=workspace.id, host=host, port=25, tls=Tls.OFF, updated_at=utcnow(), **values
        )
        return factories.add(row)

    return make


def chosen(workspace, times=200):
    return Counter(
        route_for_one(routes_for(workspace.id, BAKERY), now=NOON).server.host for _ in range(times)
    )


def test_without_servers_of_its_own_mail_leaves_by_the_installation_s(workspace, other_workspace):
    theirs = Transport(
        workspace_id=other_workspace.id, host="c.example", port=25, tls=Tls.OFF, updated_at=NOON
    )
    factories.add(theirs)

    assert [route.key for route in routes_for(workspace.id, BAKERY)] == [DEFAULT]


def test_servers_share_the_mail_by_weight(workspace, server):
    server("a.example", weight=75)
    server("b.example", weight=25)
    server("off.example", is_enabled=False)

    found = chosen(workspace)

    assert set(found) == {"a.example", "b.example"}
    assert found["a.example"] > found["b.example"]


def test_a_server_in_trouble_rests_and_the_others_step_in(workspace, server):
    first = server("a.example")
    server("spare.example", weight=0)

    health.note_failure(first.public_id, "Connection refused", now=NOON)

    assert chosen(workspace, 20) == {"spare.example": 20}
    assert [
        route.server.host
        for route in usable_routes(routes_for(workspace.id, BAKERY), BAKERY, now=NOON).routes
    ] == ["spare.example"]


def test_a_single_message_is_tried_even_when_all_servers_rest(workspace, server):
    for number, host in enumerate(("a.example", "b.example")):
        health.note_failure(server(host).public_id, "no", now=NOON - seconds(number))

    assert chosen(workspace, 5) == {"b.example": 5}


def test_one_batch_looks_whether_a_rested_server_is_back(workspace, server):
    key = server("a.example").public_id
    health.note_failure(key, "Connection refused", now=NOON - seconds(11))

    first, second = (usable_routes(routes_for(workspace.id, BAKERY), BAKERY, now=NOON) for _ in range(2))

    assert ([route.key for route in first.routes], first.probing) == ([key], {key})
    assert second.routes == ()
    assert second.again_at > NOON
    assert "a.example:25" in second.reason
    assert "Connection refused" in second.reason


def test_a_server_that_is_back_is_used_by_everybody(workspace, server):
    key = server("a.example").public_id
    health.note_failure(key, "no", now=NOON - seconds(11))
    assert usable_routes(routes_for(workspace.id, BAKERY), BAKERY, now=NOON).probing

    health.note_recovery(key)

    found = usable_routes(routes_for(workspace.id, BAKERY), BAKERY, now=NOON)
    assert ([route.key for route in found.routes], found.probing) == ([key], frozenset())
    assert health.troubles([key]) == {}


def test_failures_of_one_cause_are_written_once(workspace, server):
    key = server("a.example").public_id

    for number in range(5):
        health.note_failure(key, f"failure {number}", now=NOON + seconds(number))

    row = db.session.scalars(select(RouteHealth)).one()
    assert (row.failure_count, row.reply) == (1, "failure 0")
    health.note_failure(key, "still", now=NOON + seconds(15))
    assert health.troubles([key])[key].rests_until == NOON + seconds(35)


def test_mail_of_a_domain_that_no_server_takes_waits_for_an_operator(workspace, server):
    server("a.example", from_domains=["cheese.example"])

    choice = usable_routes(routes_for(workspace.id, BAKERY), BAKERY, now=NOON)

    assert (choice.routes, choice.again_at) == ((), None)
    assert route_for_one(routes_for(workspace.id, BAKERY), now=NOON) is None
    assert choice.reason == "No server of this workspace takes mail from bakery.example"


def test_mail_never_leaves_by_the_installation_s_server_when_its_own_are_off(workspace, server):
    server("a.example", is_enabled=False)

    assert routes_for(workspace.id, BAKERY) == []


def test_whoever_changes_a_server_lets_it_be_tried_at_once(workspace, server):
    one = server("a.example")
    health.note_failure(one.public_id, "no", now=NOON)

    save_transport(one, password=None, now=NOON)

    assert health.troubles([one.public_id]) == {}


def test_a_switched_and_a_removed_server_leave_nothing_behind(workspace, server):
    one = server("a.example")
    switch_transport(one, is_enabled=False, now=NOON)
    assert routes_for(workspace.id, BAKERY) == []

    remove_transport(one)

    assert [route.key for route in routes_for(workspace.id, BAKERY)] == [DEFAULT]
    assert db.session.scalars(select(RouteHealth)).all() == []
