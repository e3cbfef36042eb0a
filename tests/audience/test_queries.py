from datetime import UTC, date, datetime, timedelta

import pytest

from mailer.audience import queries
from mailer.audience.lists import create_list
from mailer.audience.models import Subscriber, Subscription, SubscriptionStatus
from mailer.audience.queries import Growth, ListCounts, SubscriberFilter
from mailer.audience.tags import tag_subscribers, tags_named
from mailer.db import db
from mailer.errors import Invalid, NotFound
from tests import factories


def found(workspace, **narrowed):
    query = queries.subscribers(workspace.id, SubscriberFilter(**narrowed))
    return sorted(row.email for row in db.session.scalars(query))


@pytest.mark.parametrize(
    ("search", "emails"),
    [
        ("rosa", ["rosa@example.com"]),
        ("ROSA@EX", ["rosa@example.com"]),
        ("Év", ["eva@example.com"]),
        ("év", ["eva@example.com"]),
        ("eva", ["eva@example.com"]),
        ("o", ["o'neill@example.com"]),
        ("o'n", ["o'neill@example.com"]),
        ("%", []),
        ("_", []),
        ("example", []),
        ("Cu-4711", ["eva@example.com"]),
        ("Cu-47", []),
    ],
)
def test_a_search_finds_what_begins_with_it(workspace, other_workspace, search, emails):
    factories.subscriber(workspace, "rosa@example.com", name="Rosa Lima")
    factories.subscriber(workspace, "eva@example.com", name="Éva Nagy", external_id="Cu-4711")
    factories.subscriber(workspace, "o'neill@example.com", name="Shane")
    factories.subscriber(other_workspace, "rosa@other.example", name="Éva", external_id="Cu-4711")

    assert found(workspace, search=search) == emails


def test_filters_narrow_together(workspace):
    bread, cake = factories.mailing_list(workspace), factories.mailing_list(workspace, "Cake")
    rosa = factories.subscriber(workspace, "rosa@example.com", on=bread)
    factories.subscriber(workspace, "left@example.com", on=bread, status=SubscriptionStatus.UNSUBSCRIBED)
    factories.subscriber(workspace, "cake@example.com", on=cake)
    tag_subscribers(workspace.id, [rosa.id], ["vip"])
    (vip,) = tags_named(workspace.id, ["vip"])

    assert found(workspace, list_id=bread.id) == ["left@example.com", "rosa@example.com"]
    assert found(workspace, list_id=bread.id, status=SubscriptionStatus.ACTIVE) == ["rosa@example.com"]
    assert found(workspace, tag_id=vip.id) == ["rosa@example.com"]
    assert found(workspace, list_id=cake.id, tag_id=vip.id) == []


def test_counts_follow_every_change(workspace):
    bread = factories.mailing_list(workspace)
    people = [factories.subscriber(workspace, on=bread) for _ in range(3)]
    waiting = factories.subscriber(workspace, on=bread, status=SubscriptionStatus.PENDING)
    assert queries.counts_of([bread])[bread.id] == ListCounts(3, 1, 0)

    now = datetime.now(UTC)
    db.session.query(Subscription).filter_by(subscriber_id=people[0].id).one().end(at=now)
    db.session.query(Subscription).filter_by(subscriber_id=waiting.id).one().start(at=now)
    db.session.flush()
    assert queries.counts_of([bread])[bread.id] == ListCounts(3, 0, 1)

    db.session.execute(db.delete(Subscriber).where(Subscriber.id.in_([people[0].id, people[1].id])))
    assert queries.counts_of([bread])[bread.id] == ListCounts(2, 0, 0)
    assert queries.audience_size(workspace.id) == 2


def test_deleting_a_list_or_a_workspace_leaves_no_counts_behind(workspace, other_workspace):
    bread = factories.mailing_list(workspace)
    factories.subscriber(workspace, on=bread)
    factories.subscriber(other_workspace, on=factories.mailing_list(other_workspace))
    db.session.flush()

    db.session.execute(db.text("DELETE FROM mailing_lists WHERE name = 'Weekly bread'"))
    db.session.execute(db.text("DELETE FROM workspaces"))

    assert db.session.scalar(db.text("SELECT count(*) FROM list_days")) == 0
    assert db.session.scalar(db.text("SELECT count(*) FROM audience_days")) == 0


def test_growth_tells_of_every_day(workspace):
    bread = factories.mailing_list(workspace)
    start = datetime(2026, 5, 1, 12, tzinfo=UTC)
    for days in (0, 0, 2):
        person = factories.subscriber(workspace)
        place = Subscription(workspace_id=workspace.id, list_id=bread.id, subscriber_id=person.id)
        place.start(at=start + timedelta(days=days))
        if days == 2:
            place.end(at=start + timedelta(days=3))
        factories.add(place)

    growth = queries.growth_of_list(bread, since=date(2026, 5, 2), until=date(2026, 5, 4))

    assert growth == [
        Growth(date(2026, 5, 2), 0, 0, 2),
        Growth(date(2026, 5, 3), 1, 0, 3),
        Growth(date(2026, 5, 4), 0, 1, 2),
    ]


def test_a_list_of_another_workspace_is_not_found(workspace, other_workspace):
    cheese = factories.mailing_list(other_workspace)

    with pytest.raises(NotFound):
        queries.list_by_id(workspace.id, cheese.public_id)
    with pytest.raises(Invalid, match=cheese.public_id):
        queries.lists_by_ids(workspace.id, [cheese.public_id])


def test_a_name_is_taken_once_in_a_workspace(workspace, other_workspace):
    create_list(workspace.id, "Bread")
    create_list(other_workspace.id, "Bread")

    with pytest.raises(Invalid):
        create_list(workspace.id, "bread")
