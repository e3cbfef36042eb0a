"""Caps of an hour and a day, and the warm-up: never more, whoever claims at the same time."""

import threading
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select

from mailer.db import db
from mailer.delivery.allowance import allowance, count_sent, give_back, sent_by_day
from mailer.delivery.engine.warm_up import WarmUp
from mailer.delivery.limits import save_limits
from mailer.delivery.models import SentHour
from tests import factories

#: 13:20 in Vienna, 17:50 in Kolkata.
NOON = datetime(2026, 3, 2, 12, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)


def cap(workspace, *, per_hour=None, per_day=None, warm_up=None):
    save_limits(workspace.id, per_hour=per_hour, per_day=per_day, warm_up=warm_up)


def counted(workspace):
    return sum(db.session.scalars(select(SentHour.count).where(SentHour.workspace_id == workspace.id)))


def test_without_caps_everything_is_allowed_and_counted(workspace):
    granted = allowance(workspace.id, 500, NOON)

    assert (granted.count, granted.again_at, granted.reason) == (500, None, "")
    assert counted(workspace) == 500


def test_an_hour_s_cap_lets_the_rest_wait_for_the_next(workspace):
    cap(workspace, per_hour=700)

    first, second, third = (allowance(workspace.id, 500, NOON) for _ in range(3))

    assert [first.count, second.count, third.count] == [500, 200, 0]
    assert third.again_at == datetime(2026, 3, 2, 13, tzinfo=UTC)
    assert third.reason == "700 of 700 messages of this hour are sent"
    assert allowance(workspace.id, 500, third.again_at).count == 500


def test_a_day_s_cap_lets_the_rest_wait_until_midnight_where_the_workspace_is(workspace):
    workspace.time_zone = "Europe/Vienna"
    cap(workspace, per_day=700)
    allowance(workspace.id, 500, NOON)

    late = allowance(workspace.id, 500, NOON + 5 * HOUR)
    none_left = allowance(workspace.id, 500, NOON + 6 * HOUR)

    assert late.count == 200
    assert none_left.count == 0
    assert none_left.again_at == datetime(2026, 3, 2, 23, tzinfo=UTC)
    assert none_left.reason == "700 of 700 messages of today are sent"
    assert allowance(workspace.id, 500, none_left.again_at).count == 500


def test_hours_and_days_are_right_where_clocks_differ_by_half_an_hour(workspace):
    workspace.time_zone = "Asia/Kolkata"
    cap(workspace, per_hour=10, per_day=15)

    first = allowance(workspace.id, 20, NOON)
    again = allowance(workspace.id, 20, datetime(2026, 3, 2, 12, 30, tzinfo=UTC))

    assert (first.count, first.again_at) == (10, datetime(2026, 3, 2, 12, 30, tzinfo=UTC))
    assert (again.count, again.again_at) == (5, datetime(2026, 3, 2, 18, 30, tzinfo=UTC))


def test_the_day_on_which_clocks_change_ends_at_its_midnight(workspace):
    workspace.time_zone = "Europe/Vienna"
    cap(workspace, per_day=1)
    allowance(workspace.id, 1, datetime(2026, 3, 29, 0, 30, tzinfo=UTC))

    assert allowance(workspace.id, 1, datetime(2026, 3, 29, 12, tzinfo=UTC)).again_at == datetime(
        2026, 3, 29, 22, tzinfo=UTC
    )


def test_a_warm_up_allows_a_little_more_each_day_and_then_nothing_is_held_back(workspace):
    cap(workspace, warm_up=WarmUp(NOON.date(), first=50, factor=2.0, target=200))

    days = [allowance(workspace.id, 10_000, NOON + timedelta(days=day)) for day in range(4)]

    assert [day.count for day in days] == [50, 100, 200, 10_000]
    assert days[0].reason == "50 of 50 messages of this day of the warm-up are sent"
    assert days[0].again_at == datetime(2026, 3, 3, tzinfo=UTC)


def test_the_lower_of_cap_and_warm_up_counts(workspace):
    cap(workspace, per_day=60, warm_up=WarmUp(NOON.date(), first=50, factor=2.0, target=200))

    assert allowance(workspace.id, 100, NOON).count == 50
    assert allowance(workspace.id, 100, NOON + timedelta(days=1)).count == 60


def test_what_was_not_tried_is_given_back(workspace):
    cap(workspace, per_day=500)
    granted = allowance(workspace.id, 500, NOON)

    give_back(workspace.id, granted.hour, 120)

    assert allowance(workspace.id, 500, NOON + 2 * HOUR).count == 120


def test_nothing_is_given_back_twice(workspace):
    granted = allowance(workspace.id, 5, NOON)

    give_back(workspace.id, granted.hour, 50)

    assert counted(workspace) == 0


def test_transactional_mail_counts_and_is_never_held_back(workspace):
    cap(workspace, per_day=10)
    count_sent(workspace.id, 15, NOON)

    assert allowance(workspace.id, 1, NOON).count == 0
    assert counted(workspace) == 15


def test_a_raised_cap_counts_what_was_sent_before(workspace):
    allowance(workspace.id, 80, NOON)
    cap(workspace, per_day=100)

    assert allowance(workspace.id, 80, NOON).count == 20


def test_workspaces_do_not_share_a_cap(workspace, other_workspace):
    cap(workspace, per_day=10)
    allowance(workspace.id, 10, NOON)

    assert allowance(other_workspace.id, 10, NOON).count == 10


def test_the_days_are_those_of_the_workspace(workspace, other_workspace):
    workspace.time_zone = "Europe/Vienna"
    allowance(workspace.id, 5, datetime(2026, 3, 2, 22, 30, tzinfo=UTC))
    allowance(workspace.id, 7, datetime(2026, 3, 2, 23, 30, tzinfo=UTC))
    allowance(other_workspace.id, 90, NOON)

    assert sent_by_day(workspace, since=date(2026, 3, 1)) == {date(2026, 3, 2): 5, date(2026, 3, 3): 7}


def test_two_workers_never_use_the_last_of_it_twice(app):
    workspace_id = factories.workspace(name="Busy", slug="busy").id
    save_limits(workspace_id, per_hour=400, per_day=300, warm_up=None)
    db.session.commit()
    granted, start = [], threading.Barrier(4)

    def claim():
        with app.app_context():
            start.wait()
            for number in range(10):
                one = allowance(workspace_id, 20, NOON + timedelta(minutes=20 * (number % 3)))
                db.session.commit()
                granted.append(one.count)
            db.session.remove()

    workers = [threading.Thread(target=claim) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert sum(granted) == 300
    assert sum(db.session.scalars(select(SentHour.count).where(SentHour.workspace_id == workspace_id))) == 300
