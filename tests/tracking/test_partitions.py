"""Opens and clicks lie in a table a month on PostgreSQL, and go when they are no longer kept."""

from datetime import timedelta

import pytest
from sqlalchemy import inspect, select, text

from mailer.db import db
from mailer.lib.clock import utcnow
from mailer.lib.ids import uuid7
from mailer.tracking import partitions
from mailer.tracking.ingest import store
from mailer.tracking.models import Open
from mailer.tracking.partitions import make_room
from mailer.tracking.spool import Event
from tests.delivery.conftest import bread, deliveries, launch, readers, smtp

__all__ = ["bread", "launch", "readers", "smtp"]


@pytest.fixture
def delivery(app, bread, readers, launch):
    launch(bread)
    return next(iter(deliveries().values()))


def opened(delivery, at):
    return Event(uuid7(), delivery.message_id, delivery.id, at)


def names():
    return set(inspect(db.session.connection()).get_table_names())


def test_an_event_is_stored_once_whatever_month_it_is_of(delivery):
    event = opened(delivery, utcnow() + timedelta(days=400))

    for _ in range(2):
        store([event])
        db.session.commit()
        make_room(now=event.at)

    assert db.session.scalars(select(Open.id)).all() == [event.id]
    if db.engine.dialect.name == "postgresql":
        assert db.session.scalar(text("SELECT count(*) FROM opens_rest")) == 0
        assert f"opens_{event.at:%Y_%m}" in names()


def test_what_is_old_goes_and_what_follows_on_it_is_not_counted(delivery, monkeypatch):
    now = utcnow()
    store([opened(delivery, now)])
    db.session.commit()

    make_room(now=now + timedelta(days=800))
    assert len(db.session.scalars(select(Open.id)).all()) == 1

    monkeypatch.setattr(partitions, "settings", lambda: type("Kept", (), {"keep_events_months": 12}))
    make_room(now=now + timedelta(days=800))
    assert db.session.scalars(select(Open.id)).all() == []


def test_a_clock_that_went_wrong_stops_nothing_and_its_events_go_in_time(delivery, monkeypatch):
    now, long_ago = utcnow(), utcnow() - timedelta(days=9_000)
    monkeypatch.setattr(partitions, "settings", lambda: type("Kept", (), {"keep_events_months": 12}))
    make_room(now=now + timedelta(days=800))
    monkeypatch.setattr("mailer.tracking.ingest.kept_since", lambda _: None)

    for at in (long_ago, now + timedelta(days=9_000)):
        store([opened(delivery, at)])
    db.session.commit()
    make_room(now=now + timedelta(days=800))

    (kept,) = db.session.scalars(select(Open.at)).all()
    assert kept > now
