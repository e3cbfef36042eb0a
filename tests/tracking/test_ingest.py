"""Every event once, and its sums with it."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from mailer import signals
from mailer.db import db
from mailer.delivery import send
from mailer.delivery.models import DeliveryState
from mailer.lib.clock import utcnow
from mailer.lib.ids import uuid7
from mailer.tracking import ingest
from mailer.tracking.models import Activity, Click, HourlyActivity, LinkActivity, Open
from mailer.tracking.spool import Event, Spool, read
from tests.delivery.conftest import deliveries
from tests.support.smtp import TAKE_AND_CUT

BEN, CLEO = "reader-0@example.com", "reader-1@example.com"


def sums(activity):
    row = db.session.execute(
        select(func.sum(HourlyActivity.people), func.sum(HourlyActivity.total)).where(
            HourlyActivity.activity == activity
        )
    ).one()
    return tuple(int(number or 0) for number in row)


def test_opens_and_clicks_are_counted_by_person_and_in_total(client, sent, click_of, pixel_of):
    for _ in range(3):
        client.get(pixel_of(BEN))
    client.get(pixel_of(CLEO))
    client.get(click_of(BEN, 0))
    client.get(click_of(BEN, 1))
    client.get(click_of(BEN, 1))

    ingest.ingest_events()

    assert sums(Activity.OPEN) == (2, 4)
    assert sums(Activity.CLICK) == (1, 3)
    by_link = db.session.execute(
        select(LinkActivity.link_number, LinkActivity.people, LinkActivity.total).order_by(
            LinkActivity.link_number
        )
    ).all()
    assert by_link == [(0, 1, 1), (1, 1, 2)]
    rows = deliveries()
    assert rows[BEN].opened_at is not None
    assert rows[BEN].clicked_at is not None
    assert rows[CLEO].clicked_at is None


def test_a_second_run_adds_to_the_sums_and_not_to_the_people(client, sent, click_of):
    client.get(click_of(BEN))
    ingest.ingest_events()
    client.get(click_of(BEN))

    ingest.ingest_events()

    assert sums(Activity.CLICK) == (1, 2)
    assert db.session.execute(select(LinkActivity.people, LinkActivity.total)).one() == (1, 2)


def test_a_file_that_is_read_twice_is_stored_once(client, sent, click_of, pixel_of, monkeypatch, settings):
    client.get(click_of(BEN))
    client.get(pixel_of(BEN))
    # Killed after the commit, before the file was removed.
    monkeypatch.setattr("pathlib.Path.unlink", lambda self, missing_ok=False: None)
    ingest.ingest_events()
    monkeypatch.undo()

    ingest.ingest_events()

    assert sums(Activity.CLICK) == (1, 1)
    assert sums(Activity.OPEN) == (1, 1)
    assert db.session.scalar(select(func.count()).select_from(Click)) == 1
    assert list(ingest.spool_folder(settings.data_dir).glob("*.taken")) == []


def test_an_event_of_a_campaign_that_is_gone_is_dropped(sent):
    stranger = Event(uuid7(), uuid7(), uuid7(), utcnow())

    ingest.store([stranger])

    assert db.session.scalars(select(Open)).all() == []


def test_a_click_resolves_doubt(client, bread, readers, launch, smtp, sent, click_of):
    launch(bread, subject="Second")
    smtp.script = lambda stage, recipient: TAKE_AND_CUT if stage == "dot" and recipient == BEN else None
    send.deliver_due()
    doubtful = next(
        row for row in db.session.scalars(select(type(sent[1][BEN]))) if row.state is DeliveryState.IN_DOUBT
    )

    ingest.store([Event(uuid7(), doubtful.message_id, doubtful.id, utcnow(), 0)])
    db.session.commit()
    db.session.expire_all()

    assert doubtful.state is DeliveryState.ACCEPTED


def test_the_hour_is_that_of_the_event_not_of_the_counting(sent):
    delivery = sent[1][BEN]
    earlier = utcnow().replace(minute=59, second=59, microsecond=0) - timedelta(hours=5)

    ingest.store([Event(uuid7(), delivery.message_id, delivery.id, earlier)])

    assert db.session.scalars(select(HourlyActivity.hour)).one() == earlier.replace(minute=0, second=0)


def test_who_leaves_by_a_campaign_s_link_is_counted_once(sent, readers):
    subscription = readers[0].subscriptions[0]
    delivery = sent[1][BEN]

    for _ in range(2):
        signals.unsubscribed.send(subscription, delivery_id=delivery.id)
    signals.unsubscribed.send(subscription, delivery_id=None)

    assert sums(Activity.UNSUBSCRIBE) == (1, 1)


def test_nothing_is_lost_while_many_write_and_one_takes(tmp_path):
    spool, taken = Spool(tmp_path), []
    each, writers = 300, 4

    def write():
        for _ in range(each):
            spool.append(Event(uuid7(), uuid7(), uuid7(), utcnow()))

    threads = [threading.Thread(target=write) for _ in range(writers)]
    for thread in threads:
        thread.start()
    reader = Spool(tmp_path)
    while any(thread.is_alive() for thread in threads):
        for path in reader.take():
            taken += [event.id for event in read(path)]
            path.unlink()
    for path in reader.take():
        taken += [event.id for event in read(path)]

    assert len(taken) == len(set(taken)) == each * writers


@pytest.mark.parametrize("rest", ["", '["00', "nonsense\n", "[1,2,3]\n"])
def test_a_line_that_was_cut_short_costs_only_itself(tmp_path, rest):
    spool = Spool(tmp_path)
    spool.append(Event(uuid7(), uuid7(), uuid7(), utcnow()))
    (path,) = spool.take()
    path.write_text(path.read_text() + rest)

    assert len(list(read(path))) == 1


def test_only_one_reads_at_a_time(tmp_path):
    with Spool(tmp_path).reading() as first, Spool(tmp_path).reading() as second:
        assert (first, second) == (True, False)
