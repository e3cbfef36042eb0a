from datetime import UTC, datetime

import pytest

from mailer.audience.lists import ListSettings, create_list
from mailer.audience.models import Subscriber, Subscription, SubscriptionStatus
from mailer.audience.queries.growth import audience_size
from mailer.audience.queries.lists import ListCounts, counts_of, list_by_id, lists_by_ids
from mailer.db import db
from mailer.errors import Invalid, NotFound
from tests import factories


def test_counts_follow_every_change(workspace):
    bread = factories.mailing_list(workspace)
    people = [factories.subscriber(workspace, on=bread) for _ in range(3)]
    waiting = factories.subscriber(workspace, on=bread, status=SubscriptionStatus.PENDING)
    assert counts_of([bread])[bread.id] == ListCounts(3, 1, 0)

    now = datetime.now(UTC)
    db.session.query(Subscription).filter_by(subscriber_id=people[0].id).one().end(at=now)
    db.session.query(Subscription).filter_by(subscriber_id=waiting.id).one().start(at=now)
    db.session.flush()
    assert counts_of([bread])[bread.id] == ListCounts(3, 0, 1)

    db.session.execute(db.delete(Subscriber).where(Subscriber.id.in_([people[0].id, people[1].id])))
    assert counts_of([bread])[bread.id] == ListCounts(2, 0, 0)
    assert audience_size(workspace.id) == 2


def test_deleting_a_list_or_a_workspace_leaves_no_counts_behind(workspace, other_workspace):
    bread = factories.mailing_list(workspace)
    factories.subscriber(workspace, on=bread)
    factories.subscriber(other_workspace, on=factories.mailing_list(other_workspace))
    db.session.flush()

    db.session.execute(db.text("DELETE FROM mailing_lists WHERE name = 'Weekly bread'"))
    db.session.execute(db.text("DELETE FROM workspaces"))

    assert db.session.scalar(db.text("SELECT count(*) FROM list_days")) == 0
    assert db.session.scalar(db.text("SELECT count(*) FROM audience_days")) == 0


def test_a_list_of_another_workspace_is_not_found(workspace, other_workspace):
    cheese = factories.mailing_list(other_workspace)

    with pytest.raises(NotFound):
        list_by_id(workspace.id, cheese.public_id)
    with pytest.raises(Invalid, match=cheese.public_id):
        lists_by_ids(workspace.id, [cheese.public_id])


def test_a_name_is_taken_once_in_a_workspace(workspace, other_workspace):
    create_list(workspace.id, ListSettings("Bread"))
    create_list(other_workspace.id, ListSettings("Bread"))

    with pytest.raises(Invalid):
        create_list(workspace.id, ListSettings("bread"))
