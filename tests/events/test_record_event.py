"""Recording what subscribers do elsewhere."""

from datetime import timedelta
from decimal import Decimal

import pytest

from mailer import signals
from mailer.audience.timeline import events_of as timeline_of
from mailer.db import db
from mailer.errors import Invalid
from mailer.events.models import CustomEvent
from mailer.events.queries import event_names
from mailer.events.record_event import record_event
from mailer.lib.clock import utcnow
from tests import factories

NOW = utcnow()


def test_an_event_told_twice_counts_once(workspace, other_workspace):
    rosa, stranger = factories.subscriber(workspace), factories.subscriber(other_workspace)
    announced = []

    with signals.event_recorded.connected_to(announced.append):
        first, is_new = record_event(
            rosa, "order.placed", key="1001", value=Decimal("24.50"), currency="EUR", now=NOW
        )
        again, is_new_again = record_event(rosa, "order.placed", key="1001", now=NOW + timedelta(hours=1))
        record_event(rosa, "order.shipped", key="1001", now=NOW)
        record_event(rosa, "page.viewed", now=NOW)
        record_event(rosa, "page.viewed", now=NOW)
        record_event(stranger, "order.placed", key="1001", now=NOW)

    assert (is_new, is_new_again) == (True, False)
    assert again.id == first.id
    assert (first.value, first.value_micros) == (Decimal("24.5"), 24_500_000)
    assert len(announced) == db.session.query(CustomEvent).count() == 5
    assert event_names(workspace.id) == ["order.placed", "order.shipped", "page.viewed"]


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("name", {"name": "Order placed"}),
        ("name", {"name": ""}),
        ("at", {"name": "x", "at": NOW + timedelta(days=1)}),
        ("currency", {"name": "x", "value": Decimal(1)}),
        ("currency", {"name": "x", "value": Decimal(10) ** 15, "currency": "EUR"}),
    ],
)
def test_what_cannot_be_an_event_is_refused(workspace, field, given):
    with pytest.raises(Invalid) as refused:
        record_event(factories.subscriber(workspace), **given, now=NOW)

    assert list(refused.value.fields) == [field]


def test_events_stand_on_the_persons_timeline(workspace):
    rosa = factories.subscriber(workspace)
    record_event(
        rosa,
        "order.placed",
        value=Decimal("1234.5"),
        currency="EUR",
        properties={"shop": "Porto"},
        now=NOW,
    )

    told = next(event for event in timeline_of(rosa) if "order.placed" in event.text)

    assert told.detail == "1,234.50 EUR · shop: Porto"
