"""Counting calls: each process by itself, and together in the store."""

from limits.storage import MemoryStorage
from redis import RedisError

import mailer.web.limits as limits
from mailer.web.limits import _InMinute

NOON = 1_772_366_400.0


def test_few_are_counted_exactly_over_processes(monkeypatch):
    _share(monkeypatch, MemoryStorage())
    here, there = _InMinute(), _InMinute()

    assert [count("key", 1, NOON) for count in (here, there, here, there, here)] == [1, 2, 3, 4, 5]


def test_many_are_told_at_once_and_none_is_lost(monkeypatch):
    store = _share(monkeypatch, _Counting())
    here, there = _InMinute(), _InMinute()

    counts = [count("key", 10, NOON) for _ in range(1_000) for count in (here, there)]

    # Each knows all of its own, and of the other's all but the last few.
    assert 2_000 - 20 <= max(counts) <= 2_000
    assert store.asked <= 2 * (1_000 // 10 + 1)


def test_what_was_counted_is_told_after_a_moment(monkeypatch):
    _share(monkeypatch, MemoryStorage())
    here, there = _InMinute(), _InMinute()
    for _ in range(3):
        here("key", 10, NOON)

    here("key", 10, NOON + 0.3)

    assert there("key", 10, NOON + 0.3) == 5


def test_a_new_minute_begins_at_one(monkeypatch):
    _share(monkeypatch, MemoryStorage())
    count = _InMinute()

    assert [count("key", 1, NOON), count("key", 1, NOON + 59), count("key", 1, NOON + 60)] == [1, 2, 1]


def test_while_the_store_is_away_the_process_counts_and_tells_later(monkeypatch):
    store = _share(monkeypatch, _Counting())
    here, there = _InMinute(), _InMinute()
    here("key", 1, NOON)
    store.is_away = True

    assert [here("key", 1, NOON + seconds) for seconds in (1, 2, 3)] == [2, 3, 4]

    store.is_away = False
    assert here("key", 1, NOON + 10) == 5
    assert there("key", 1, NOON + 10) == 6


class _Counting(MemoryStorage):
    def __init__(self) -> None:
        super().__init__()
        self.asked, self.is_away = 0, False

    def incr(self, *arguments, **options):
        self.asked += 1
        if self.is_away:
            raise RedisError
        return super().incr(*arguments, **options)


def _share(monkeypatch, store):
    monkeypatch.setattr(limits.limiter, "_storage", store)
    return store
