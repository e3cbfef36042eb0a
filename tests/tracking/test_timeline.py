from datetime import UTC, datetime, timedelta

from mailer.audience.timeline import events_of
from mailer.delivery.models import Delivery, DeliveryState, Message, MessageKind, SkipReason
from mailer.lib.ids import uuid7
from mailer.tracking.models import Click, Open
from tests import factories

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def sent(workspace, person, *, subject="Fresh", kind=MessageKind.CAMPAIGN, **values):
    message = factories.add(
        Message(
            workspace_id=workspace.id,
            kind=kind,
            from_email="ana@bakery.example",
            subject=subject,
            html="",
            text="",
            links=["https://bakery.example/order"],
        )
    )
    values = {"state": DeliveryState.ACCEPTED, "ended_at": NOON, **values}
    return factories.add(
        Delivery(
            workspace_id=workspace.id,
            message_id=message.id,
            subscriber_id=person.id,
            email=person.email,
            **values,
        )
    )


def told(person):
    return [(event.text, event.detail) for event in events_of(person)]


def test_the_timeline_tells_of_mails_opens_and_clicks_in_their_order(workspace, other_workspace):
    rosa = factories.subscriber(workspace, created_at=NOON - timedelta(days=1))
    sam = factories.subscriber(other_workspace)
    sent(other_workspace, sam, subject="Not for Rosa")
    delivery = sent(workspace, rosa, subject="Fresh, {{ subscriber.name | default('friend') }}")
    whose = {"id": uuid7(), "workspace_id": workspace.id, "delivery_id": delivery.id}
    factories.add(Open(**whose, at=NOON + timedelta(hours=1)))
    factories.add(Click(**whose, link_number=0, at=NOON + timedelta(hours=2)))

    assert told(rosa) == [
        ("Clicked in “Fresh, friend”", "https://bakery.example/order"),
        ("Opened “Fresh, friend”", ""),
        ("Was sent “Fresh, friend”", ""),
        ("Was added to the audience", ""),
    ]


def test_why_a_mail_did_not_arrive_is_told(workspace):
    rosa = factories.subscriber(workspace, created_at=NOON - timedelta(days=1))
    sent(workspace, rosa, state=DeliveryState.REJECTED, reply="550 5.1.1 No such user")
    sent(workspace, rosa, state=DeliveryState.SKIPPED, skip_reason=SkipReason.PAUSED)

    details = {detail for _, detail in told(rosa)}

    assert {"550 5.1.1 No such user", "Because: paused"} <= details


def test_a_system_mail_is_told_without_its_words(workspace):
    rosa = factories.subscriber(workspace, created_at=NOON - timedelta(days=1))
    sent(workspace, rosa, kind=MessageKind.SYSTEM, subject="Secret")

    assert told(rosa)[0] == ("Was sent a mail of ours", "")
