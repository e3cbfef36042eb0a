"""Mailbox domains are written to as fast as they bear, and no faster than an operator allows."""

import random
import time
from collections import Counter
from itertools import pairwise

import pytest

from mailer.delivery.engine.outcomes import Outcome, Stage, Verdict, deferred, in_doubt, read_reply
from mailer.delivery.engine.throttle import HORIZON_SECONDS, Learned, Limit, Throttle, asks_to_slow_down

TAKEN = Outcome(Verdict.ACCEPTED, "250 2.0.0 Ok", 250)
SLOW_DOWN = Outcome(Verdict.DEFERRED, "421 4.7.28 Gmail has detected an unusual rate of mail", 421)
GMAIL = "gmail.com"


def send(throttle, domain, now, outcome=TAKEN):
    """Begin and end one message if it may begin; return how long to wait otherwise."""
    wait = throttle.may_begin(domain, now)
    if not wait:
        throttle.ended(domain, outcome, now)
    return wait


def begun(throttle, domain, *, since, seconds, outcome=TAKEN, step=0.01):
    """How many messages begin when one is asked for as often as there is a step."""
    return sum(
        not send(throttle, domain, since + step * number, outcome) for number in range(int(seconds / step))
    )


def complain(throttle, domain, now):
    """Say “slow down” as often as it takes to be heard."""
    for _ in range(5):
        throttle.may_begin(domain, now)
        throttle.ended(domain, SLOW_DOWN, now)


def slowed(rate=100):
    """A throttle to which Gmail said “slow down” while it got ``rate`` messages a second."""
    throttle = Throttle(connections=8)
    begun(throttle, GMAIL, since=0, seconds=5, step=1 / rate)
    complain(throttle, GMAIL, 5.0)
    return throttle


@pytest.mark.parametrize(
    ("code", "text", "is_about_pace"),
    [
        (421, "4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to complaints", True),
        (421, "4.7.28 Our system has detected an unusual rate of unsolicited mail", True),
        (421, "Service not available, closing transmission channel", True),
        (450, "4.2.1 The user is receiving mail at a rate that prevents additional messages", True),
        (451, "4.7.500 Server busy. Please try again later from [192.0.2.1]. (S77719)", True),
        (451, "4.7.650 The mail server has been temporarily rate limited due to IP reputation", True),
        (451, "4.3.2 Please try again later: too many connections", True),
        (452, "4.5.3 Too many recipients", True),
        (450, "4.7.1 Greylisted, see https://postgrey.example", False),
        (451, "4.7.1 Graylisting in action, come back in 5 minutes", False),
        (452, "4.2.2 The mailbox is full", False),
        (450, "4.1.8 Sender address rejected: Domain not found", False),
        (451, "4.3.0 Temporary lookup failure", False),
        (550, "5.7.28 There is an unusual rate of unsolicited mail from your IP", False),
        (550, "5.1.1 No such user: too many to name", False),
        (250, "2.0.0 Ok, at a rate of knots", False),
    ],
)
def test_what_asks_to_slow_down(code, text, is_about_pace):
    assert asks_to_slow_down(read_reply(code, text, stage=Stage.FINAL_DOT)) is is_about_pace


def test_our_own_words_ask_for_nothing():
    assert not asks_to_slow_down(deferred("Too many open files"))
    assert not asks_to_slow_down(in_doubt("The rate was lost"))


def test_an_unbounded_domain_may_always_begin():
    throttle = Throttle(connections=8)

    assert begun(throttle, GMAIL, since=0, seconds=1, step=0.0001) == 10_000
    assert not throttle.is_bound(GMAIL)


def test_asked_to_slow_down_it_pauses_and_goes_on_at_half_the_pace():
    throttle = slowed(rate=100)

    assert 0 < throttle.may_begin(GMAIL, 5.1) <= 5.0
    assert begun(throttle, GMAIL, since=5, seconds=5) == 0
    assert 48 * 5 <= begun(throttle, GMAIL, since=10.01, seconds=5) <= 55 * 6


def test_a_few_complaints_among_many_messages_are_not_about_the_pace():
    throttle, chance = Throttle(connections=8), random.Random(1)
    for number in range(20_000):
        outcome = SLOW_DOWN if chance.random() < 0.03 else TAKEN
        assert send(throttle, GMAIL, number / 100, outcome) == 0.0

    assert not throttle.is_bound(GMAIL)


def test_other_domains_do_not_notice():
    throttle = slowed()

    assert throttle.may_begin("example.com", 5.1) == 0.0
    assert throttle.may_begin("googlemail.com", 5.1) > 0, "the same provider"


def test_what_was_on_its_way_counts_as_one_complaint():
    one, many = slowed(), Throttle(connections=8)
    begun(many, GMAIL, since=0, seconds=5)
    for _ in range(8):
        assert many.may_begin(GMAIL, 5.0) == 0.0
    for number in range(8):
        many.ended(GMAIL, SLOW_DOWN, 5.0 + number / 10)

    pace, other = one.changes(6.0)[0], many.changes(6.0)[0]
    assert (pace.per_second, pace.concurrent) == (pytest.approx(other.per_second, rel=0.1), other.concurrent)


def test_each_further_complaint_halves_again_and_pauses_longer():
    throttle = slowed(rate=100)
    found = throttle.changes(5.0)
    now = 5.0
    for _ in range(3):
        now += throttle.may_begin(GMAIL, now)
        complain(throttle, GMAIL, now)
        found += throttle.changes(now)

    assert [round(each.per_second) for each in found] == [50, 25, 13, 6]
    assert [each.concurrent for each in found] == [4, 2, 1, 1]
    assert [each.paused_seconds for each in found] == [5, 10, 20, 40]


def test_it_never_becomes_slower_than_it_takes_to_show_that_all_is_well():
    throttle = slowed(rate=1)
    now = 5.0
    for _ in range(40):
        now += throttle.may_begin(GMAIL, now)
        complain(throttle, GMAIL, now)

    assert throttle.may_begin(GMAIL, now) <= 300


def test_it_grows_slowly_until_it_is_free():
    throttle = slowed(rate=100)
    first_minute = begun(throttle, GMAIL, since=10, seconds=60, step=0.005)
    fifth = [begun(throttle, GMAIL, since=10 + 60 * minute, seconds=60, step=0.005) for minute in range(1, 5)]
    begun(throttle, GMAIL, since=310, seconds=360, step=0.005)

    assert first_minute < 60 * 62
    assert [first_minute, *fifth] == sorted([first_minute, *fifth])
    assert not throttle.is_bound(GMAIL)


def test_an_operator_s_rate_holds_from_the_first_message():
    throttle = Throttle(connections=8, limits=[Limit((GMAIL, "googlemail.com"), per_second=10)])

    taken = begun(throttle, GMAIL, since=0, seconds=10) + begun(
        throttle, "googlemail.com", since=10, seconds=10
    )

    assert 195 <= taken <= 211, "one second ahead at most"
    assert throttle.may_begin("example.com", 20.0) == 0.0


def test_an_operator_s_connections_hold():
    throttle = Throttle(connections=8, limits=[Limit((GMAIL,), concurrent=2)])

    waits = [throttle.may_begin(GMAIL, 0.0) for _ in range(4)]
    throttle.ended(GMAIL, TAKEN, 0.1)

    assert [wait > 0 for wait in waits] == [False, False, True, True]
    assert throttle.may_begin(GMAIL, 0.1) == 0.0
    assert throttle.may_begin(GMAIL, 0.1) > 0.0


def test_growth_ends_at_what_the_operator_allows():
    throttle = Throttle(connections=8, limits=[Limit((GMAIL,), per_second=20)])
    begun(throttle, GMAIL, since=0, seconds=5)
    complain(throttle, GMAIL, 6.0)
    begun(throttle, GMAIL, since=11, seconds=1_200, step=0.02)

    assert begun(throttle, GMAIL, since=1_300, seconds=10) <= 221


def test_a_changed_limit_holds_at_once_and_what_was_learned_stays():
    throttle = slowed(rate=100)

    throttle.set_limits([Limit(("example.com",), per_second=1)], 5.0)

    assert throttle.may_begin(GMAIL, 5.1) > 0
    assert begun(throttle, "example.com", since=5, seconds=10) <= 12


def test_a_route_s_own_rate_is_shared_by_all_domains():
    throttle = Throttle(connections=8, per_second=10)

    taken = sum(begun(throttle, f"d{number}.example", since=number, seconds=1) for number in range(10))

    assert 95 <= taken <= 111


def test_turns_are_spread_at_the_domain_s_pace_and_not_given_twice():
    throttle = Throttle(connections=8, limits=[Limit((GMAIL,), per_second=10)])

    first, second = throttle.turns(GMAIL, 50, 0.0), throttle.turns(GMAIL, 50, 0.0)

    every = first + second
    assert every == sorted(every)
    gaps = [later - sooner for sooner, later in pairwise(every)]
    assert gaps == pytest.approx([0.1] * 99)


def test_what_had_its_turn_may_begin_then():
    throttle = Throttle(connections=8, limits=[Limit((GMAIL,), per_second=10)])

    refused = [turn for turn in throttle.turns(GMAIL, 200, 0.0) if send(throttle, GMAIL, turn)]

    assert refused == []


def test_no_turn_is_further_away_than_twice_the_horizon():
    throttle = Throttle(connections=8, limits=[Limit((GMAIL,), per_second=1)])

    turns = throttle.turns(GMAIL, 5_000, 0.0)

    assert len(turns) == 5_000
    assert max(turns) <= 2 * HORIZON_SECONDS + 1
    busiest = Counter(int(turn) for turn in turns).most_common(1)[0][1]
    assert busiest < 10, "and they do not all come back at once"


def test_turns_come_after_the_pause():
    throttle = slowed()

    assert min(throttle.turns(GMAIL, 10, 6.0)) >= 10.0


def test_others_learn_what_one_worker_found_out():
    finder, other = slowed(rate=100), Throttle(connections=8)
    begun(other, GMAIL, since=1_000, seconds=5)

    for learned in finder.changes(6.0):
        other.learn(learned, 1_006.0)

    assert other.may_begin(GMAIL, 1_007.0) == pytest.approx(3.0, abs=0.1)
    assert other.changes(1_007.0) == [], "nothing is told back"
    assert finder.changes(6.0) == []


def test_the_end_of_bounds_is_told_as_well():
    finder, other = slowed(rate=10), Throttle(connections=8)
    for learned in finder.changes(5.0):
        other.learn(learned, 5.0)
    begun(finder, GMAIL, since=10, seconds=1_500, step=0.05)

    news = finder.changes(1_510.0)

    assert [each.is_free for each in news] == [True]
    other.learn(news[0], 1_510.0)
    assert not other.is_bound(GMAIL)


def test_little_is_told_however_much_is_sent():
    throttle = slowed(rate=100)
    told = 0
    for second in range(10, 700):
        begun(throttle, GMAIL, since=second, seconds=1)
        told += len(throttle.changes(second + 1))

    assert told <= 5


def test_learning_nonsense_does_no_harm():
    throttle = Throttle(connections=8)

    throttle.learn(Learned("example.com", per_second=0.05, concurrent=1, paused_seconds=0.0), 0.0)

    assert throttle.may_begin("example.com", 0.0) == 0.0
    assert throttle.may_begin("example.com", 0.0) > 0.0


@pytest.mark.parametrize("capacity", [2, 20, 200])
def test_it_finds_the_pace_that_a_domain_bears(capacity):
    """A domain that takes ``capacity`` a second and says “slow down” to everything beyond."""
    throttle, chance = Throttle(connections=8), random.Random(1)
    now, window, in_window, taken, refused = 0.0, 0, 0, 0, 0
    while now < 3_600:
        wait = throttle.may_begin(GMAIL, now)
        if wait:
            now += max(wait, 0.002)
            continue
        if int(now) != window:
            window, in_window = int(now), 0
        in_window += 1
        is_taken = in_window <= capacity
        taken, refused = taken + is_taken, refused + (not is_taken)
        throttle.ended(GMAIL, TAKEN if is_taken else SLOW_DOWN, now)
        now += chance.uniform(0.0005, 0.0015)

    assert taken >= capacity * 3_600 * 0.3
    assert refused <= taken * 0.08


def test_memory_is_bounded_however_many_domains_there_are():
    throttle = Throttle(connections=8)
    complain(throttle, GMAIL, 0.0)
    for number in range(50_000):
        send(throttle, f"d{number}.example", 0.0)

    assert len(throttle._paces) <= 20_001
    assert throttle.is_bound(GMAIL)


def test_an_unbounded_domain_costs_next_to_nothing():
    throttle = Throttle(connections=8)
    domains = [f"d{number}.example" for number in range(50)] * 1_000
    began = time.process_time()
    for domain in domains:
        throttle.may_begin(domain, 1.0)
        throttle.ended(domain, TAKEN, 1.0)

    # A guard against doing real work here; measured, it is below one microsecond.
    assert (time.process_time() - began) / len(domains) < 10e-6
