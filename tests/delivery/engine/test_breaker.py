"""A server in trouble is left alone, longer each time, and one batch at a time looks whether it is back."""

from datetime import UTC, datetime, timedelta

from mailer.delivery.engine.breaker import (
    LONGEST_REST,
    BreakerState,
    after_failure,
    begin_probe,
    state_of,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def seconds(number):
    return timedelta(seconds=number)


def test_all_is_well_without_trouble():
    assert state_of(None, NOON) is BreakerState.CLOSED


def test_a_failure_is_followed_by_a_rest_and_then_by_a_look():
    trouble = after_failure(None, "Connection refused", NOON)

    assert state_of(trouble, NOON + seconds(9)) is BreakerState.OPEN
    assert state_of(trouble, NOON + seconds(10)) is BreakerState.HALF_OPEN
    assert trouble.reply == "Connection refused"


def test_rests_grow_from_ten_seconds_to_five_minutes():
    trouble, now, rests = None, NOON, []
    for _ in range(8):
        trouble = after_failure(trouble, "no", now)
        rests.append((trouble.rests_until - now).total_seconds())
        now = trouble.rests_until

    assert rests == [10, 20, 40, 80, 160, 300, 300, 300]


def test_failures_of_batches_under_way_are_the_same_failure():
    trouble = after_failure(None, "first", NOON)

    assert after_failure(trouble, "second", NOON + seconds(3)) == trouble


def test_only_one_looks_whether_it_is_back():
    trouble = after_failure(None, "no", NOON)
    later = NOON + seconds(10)

    probing = begin_probe(trouble, later)

    assert state_of(probing, later) is BreakerState.OPEN
    assert state_of(probing, later + seconds(14)) is BreakerState.OPEN
    assert state_of(probing, later + seconds(15)) is BreakerState.HALF_OPEN, "it died; another may"


def test_a_look_that_fails_begins_a_longer_rest():
    probing = begin_probe(after_failure(None, "no", NOON), NOON + seconds(10))

    trouble = after_failure(probing, "still no", NOON + seconds(12))

    assert trouble.rests_until == NOON + seconds(32)
    assert (trouble.failure_count, trouble.reply, trouble.probing_until) == (2, "still no", None)


def test_years_of_trouble_do_not_overflow():
    trouble = after_failure(None, "no", NOON)
    for day in range(5_000):
        trouble = after_failure(trouble, "no", NOON + timedelta(days=day + 1))

    assert trouble.rests_until - trouble.failed_at == LONGEST_REST
