from datetime import UTC, date, datetime, timedelta

from mailer.audience.models import Subscription
from mailer.audience.queries.growth import Growth, growth_of_list
from tests import factories


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

    growth = growth_of_list(bread, since=date(2026, 5, 2), until=date(2026, 5, 4))

    assert growth == [
        Growth(date(2026, 5, 2), 0, 0, 2),
        Growth(date(2026, 5, 3), 1, 0, 3),
        Growth(date(2026, 5, 4), 0, 1, 2),
    ]
