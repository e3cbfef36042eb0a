import pytest

from mailer.audience.models import SubscriptionStatus
from mailer.audience.queries.narrowed import SubscriberFilter, select_subscribers
from mailer.audience.tags import tag_subscribers, tags_named
from mailer.db import db
from tests import factories


def found(workspace, **narrowed):
    query = select_subscribers(workspace.id, SubscriberFilter(**narrowed))
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
