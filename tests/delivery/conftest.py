"""A campaign on its way, and a server for it to go to."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from mailer.accounts.models import Workspace
from mailer.audience.models import MailingList, Subscriber
from mailer.campaigns.models import Campaign, CampaignStatus
from mailer.config import Settings
from mailer.db import db
from mailer.delivery import prepare, runs
from mailer.delivery.models import Delivery, DeliveryState, Message, MessageKind, Run
from mailer.lib.clock import utcnow
from tests import factories
from tests.support.smtp import Sink, sink


@pytest.fixture
def smtp(app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sink]:
    """A server on loopback, which is the installation's transport."""
    with sink() as server:
        changed = settings.model_copy(
            update={"smtp_url": f"smtp://127.0.0.1:{server.port}?tls=off", "retry_first_seconds": 60.0}
        )
        monkeypatch.setitem(app.config, "SETTINGS", changed)
        yield server


@pytest.fixture
def bread(workspace: Workspace) -> MailingList:
    """Ana's list."""
    return factories.mailing_list(workspace, "Weekly bread")


@pytest.fixture
def readers(workspace: Workspace, bread: MailingList) -> list[Subscriber]:
    """Five people on it."""
    return [
        factories.subscriber(workspace, f"reader-{number}@example.com", on=bread, name=f"Reader {number}")
        for number in range(5)
    ]


def message_of(workspace: Workspace, **values: Any) -> Message:
    """A frozen campaign message."""
    written = {
        "kind": MessageKind.CAMPAIGN,
        "from_name": "Ana",
        "from_email": "ana@bakery.example",
        "subject": "Fresh on Sunday, {{ subscriber.name }}",
        "html": '<p>Hello {{ subscriber.name }} <a href="{{ link_url(0) }}">Order</a>'
        '<img src="{{ pixel_url }}"></p>',
        "text": "Hello {{ subscriber.name }}\n\nLeave: {{ unsubscribe_url }}",
        "links": ["https://bakery.example/order"],
        **values,
    }
    return factories.add(Message(workspace_id=workspace.id, **written))


@pytest.fixture
def launch(workspace: Workspace) -> Callable[..., Run]:
    """Start a campaign to some lists, and make its deliveries."""

    def go(*lists: MailingList, is_prepared: bool = True, **values: Any) -> Run:
        message = message_of(workspace, **values)
        campaign: Campaign = factories.campaign(
            workspace, lists=list(lists), status=CampaignStatus.SENDING, message_id=message.id
        )
        run = runs.start(message, campaign_id=campaign.id, list_ids=[each.id for each in lists], now=utcnow())
        db.session.commit()
        if is_prepared:
            prepare.prepare_campaign(run.campaign_id)
        return run

    return go


@pytest.fixture
def states(app: Flask) -> Callable[[], dict[str, DeliveryState]]:
    """Return where each delivery stands, by address."""

    def read() -> dict[str, DeliveryState]:
        db.session.rollback()
        rows = dict(list(db.session.execute(select(Delivery.email, Delivery.state))))
        db.session.rollback()
        return rows

    return read


def deliveries() -> dict[str, Delivery]:
    """Every delivery as the database has it now, by address."""
    db.session.rollback()
    db.session.expire_all()
    return {row.email: row for row in db.session.scalars(select(Delivery))}


@pytest.fixture
def time_machine_at() -> Callable[[datetime], Any]:
    """Travel to a moment, where time goes on."""
    return lambda moment: time_machine.travel(moment, tick=True)
