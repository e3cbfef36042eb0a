"""The two windows of the guard, at each side of every limit."""

import pytest

from mailer.delivery.engine.reputation import DAY, HOUR, Counts, Level, judge


@pytest.mark.parametrize(
    ("window", "counts", "level"),
    [
        (HOUR, Counts(200, complaints=0), Level.GOOD),
        (HOUR, Counts(199, complaints=50), Level.GOOD),
        (HOUR, Counts(200, complaints=4), Level.GOOD),
        (HOUR, Counts(1_000, complaints=5), Level.WARN),
        (HOUR, Counts(500, complaints=5), Level.PAUSE),
        (HOUR, Counts(400, bounces=20), Level.WARN),
        (HOUR, Counts(200, bounces=20), Level.PAUSE),
        (HOUR, Counts(190, bounces=19), Level.GOOD),
        (DAY, Counts(999, complaints=20), Level.GOOD),
        (DAY, Counts(6_000, complaints=10), Level.WARN),
        (DAY, Counts(1_000, complaints=10), Level.PAUSE),
        (DAY, Counts(2_000, bounces=50), Level.WARN),
        (DAY, Counts(1_000, bounces=50), Level.PAUSE),
    ],
)
def test_each_limit(window, counts, level):
    assert judge({window: counts}).level is level


def test_the_gravest_decides_and_says_why():
    judgement = judge({HOUR: Counts(500, complaints=3), DAY: Counts(2_000, complaints=12, bounces=60)})

    assert judgement.level is Level.PAUSE
    assert judgement.reason == (
        "12 complaints among 2,000 mails in the last 24 hours: 0.60%, where 0.30% is too much"
    )
