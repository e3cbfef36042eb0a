"""What one process learns about a mailbox domain, all heed; an operator’s limits hold for a machine."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from mailer.db import db
from mailer.delivery.engine.outcomes import Outcome, Verdict
from mailer.delivery.engine.ports import Server
from mailer.delivery.engine.routing import Route
from mailer.delivery.limits import save_domain_limit
from mailer.delivery.models import LearnedPace
from mailer.delivery.pacing import Pacing

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ROUTE = Route("trn_1", Server("relay.example", 25))
SLOW_DOWN = Outcome(Verdict.DEFERRED, "421 4.7.28 unusual rate", 421)
TAKEN = Outcome(Verdict.ACCEPTED, "250 Ok", 250)
GMAIL = "gmail.com"


def seconds(number):
    return timedelta(seconds=number)


def slow_down(pacing, workspace, now=0.0):
    throttle = pacing.throttle(ROUTE, workspace.id)
    for _ in range(5):
        throttle.may_begin(GMAIL, now)
        throttle.ended(GMAIL, SLOW_DOWN, now)
    return throttle


def test_other_processes_heed_what_one_was_told(workspace):
    finder, other = Pacing(), Pacing()
    mine = other.throttle(ROUTE, workspace.id)
    slow_down(finder, workspace)

    finder.exchange(0.0, at=NOON)
    other.exchange(1_000.0, at=NOON + seconds(2))

    assert mine.may_begin(GMAIL, 1_000.0) == pytest.approx(3.0, abs=0.1)


def test_a_process_that_starts_later_knows_it_as_well(workspace):
    finder = Pacing()
    slow_down(finder, workspace)
    finder.exchange(0.0, at=NOON)

    late = Pacing()
    throttle = late.throttle(ROUTE, workspace.id)
    late.exchange(50.0, at=NOON + seconds(60))

    assert throttle.is_bound(GMAIL)


def test_recovery_is_told_too(workspace):
    finder, other = Pacing(), Pacing()
    throttle, mine = slow_down(finder, workspace), other.throttle(ROUTE, workspace.id)
    finder.exchange(0.0, at=NOON)
    other.exchange(0.0, at=NOON + seconds(1))
    now = 6.0
    while throttle.is_bound(GMAIL):
        if not throttle.may_begin(GMAIL, now):
            throttle.ended(GMAIL, TAKEN, now)
        now += 0.2

    finder.exchange(now, at=NOON + seconds(now))
    other.exchange(now, at=NOON + seconds(now + 1))

    assert not mine.is_bound(GMAIL)


def test_little_is_written_and_nothing_when_nothing_changes(workspace):
    pacing = Pacing()
    slow_down(pacing, workspace)
    for number in range(20):
        pacing.exchange(float(number), at=NOON + seconds(number))

    assert db.session.scalar(select(func.count()).select_from(LearnedPace)) == 1
    assert db.session.scalars(select(LearnedPace.changed_at)).one() == NOON


def test_routes_do_not_share_what_they_learned(workspace):
    pacing = Pacing()
    slow_down(pacing, workspace)
    pacing.exchange(0.0, at=NOON)
    another = Pacing()
    throttle = another.throttle(Route("trn_2", ROUTE.server), workspace.id)
    another.exchange(0.0, at=NOON)

    assert not throttle.is_bound(GMAIL)


def test_an_operator_s_limit_is_heard_within_seconds_and_is_that_of_its_workspace(
    workspace, other_workspace, app, settings, monkeypatch
):
    monkeypatch.setitem(app.config, "SETTINGS", settings.model_copy(update={"campaign_workers": 1}))
    pacing = Pacing()
    mine, theirs = (pacing.throttle(ROUTE, each.id) for each in (workspace, other_workspace))
    pacing.exchange(0.0, at=NOON)
    save_domain_limit(workspace.id, [GMAIL], per_second=1.0, concurrent=None)

    pacing.exchange(6.0, at=NOON + seconds(6))

    assert [mine.may_begin(GMAIL, 6.0) > 0 for _ in range(3)] == [False, False, True]
    assert [theirs.may_begin(GMAIL, 6.0) > 0 for _ in range(3)] == [False, False, False]


def test_a_machine_s_processes_share_its_limits(workspace, app, settings, monkeypatch):
    save_domain_limit(workspace.id, [GMAIL], per_second=8.0, concurrent=8)
    monkeypatch.setitem(app.config, "SETTINGS", settings.model_copy(update={"campaign_workers": 4}))

    throttle = Pacing().throttle(ROUTE, workspace.id)

    assert throttle.room(GMAIL, 0.0) == float("inf")
    assert [throttle.may_begin(GMAIL, 0.0) > 0 for _ in range(3)] == [False, False, True]
    assert throttle.room(GMAIL, 0.0) == 4.0
