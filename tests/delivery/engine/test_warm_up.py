"""A warm-up says how much may leave on each day, and when it ends."""

from datetime import date, timedelta

from mailer.delivery.engine.warm_up import WarmUp

MONDAY = date(2026, 3, 2)
SLOW = WarmUp(MONDAY, first=50, factor=1.5, target=1_000)


def test_each_day_allows_a_factor_more_up_to_the_target():
    assert [day.count for day in SLOW.days()] == [50, 75, 112, 168, 253, 379, 569, 854, 1_000]
    assert [day.number for day in SLOW.days()] == list(range(1, 10))


def test_it_ends_on_the_day_that_reaches_the_target():
    assert SLOW.ends_on == MONDAY + timedelta(days=8)
    assert SLOW.count_on(SLOW.ends_on) == 1_000
    assert SLOW.count_on(SLOW.ends_on + timedelta(days=1)) is None


def test_it_says_nothing_about_the_days_before():
    assert SLOW.count_on(MONDAY - timedelta(days=1)) is None
    assert SLOW.count_on(MONDAY) == 50


def test_every_day_of_the_schedule_is_what_is_allowed_on_it():
    assert [SLOW.count_on(day.on) for day in SLOW.days()] == [day.count for day in SLOW.days()]


def test_the_day_on_which_an_audience_was_mailed_once():
    assert SLOW.reached_on(50, since=MONDAY) == MONDAY
    assert SLOW.reached_on(51, since=MONDAY) == MONDAY + timedelta(days=1)
    assert SLOW.reached_on(500, since=MONDAY) == MONDAY + timedelta(days=4)
    assert SLOW.reached_on(10**9, since=MONDAY) == SLOW.ends_on + timedelta(days=1)


def test_days_that_are_over_carry_nobody():
    thursday = MONDAY + timedelta(days=3)

    assert SLOW.reached_on(168, since=thursday) == thursday
    assert SLOW.reached_on(10, since=MONDAY + timedelta(days=100)) == MONDAY + timedelta(days=100)


def test_a_target_that_is_reached_at_once_takes_one_day():
    assert WarmUp(MONDAY, first=50, factor=2.0, target=50).ends_on == MONDAY


def test_absurd_schedules_end_too():
    creeping = WarmUp(MONDAY, first=1, factor=1.000001, target=10**9)
    rushing = WarmUp(MONDAY, first=1, factor=1e300, target=10**9)

    assert (creeping.ends_on - MONDAY).days < 1_000
    assert creeping.count_on(MONDAY + timedelta(days=5_000)) is None
    assert (rushing.ends_on - MONDAY).days == 1
