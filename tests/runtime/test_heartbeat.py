"""Signs of life."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from mailer.db import db
from mailer.runtime.heartbeat import Process, beat, leave
from mailer.runtime.models import Heartbeat

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def seen() -> list[tuple[int, datetime]]:
    return [(row.pid, row.last_seen_at) for row in db.session.scalars(select(Heartbeat))]


def test_a_process_has_one_row_however_often_it_beats(app):
    process = Process("worker", "here", 7, ("campaigns",))

    beat(process, now=NOON)
    beat(process, now=NOON + timedelta(seconds=5))

    assert seen() == [(7, NOON + timedelta(seconds=5))]


def test_the_dead_are_forgotten_by_the_living(app):
    beat(Process("worker", "here", 7), now=NOON)

    beat(Process("worker", "here", 8), now=NOON + timedelta(minutes=11))

    assert [pid for pid, _ in seen()] == [8]


def test_who_ends_in_order_leaves_no_row(app):
    process = Process("worker", "here", 7)
    beat(process, now=NOON)

    leave(process)

    assert seen() == []
