"""Nobody waits behind a mailbox domain that may not be written to."""

from mailer.delivery.engine.line import Line
from mailer.delivery.engine.outcomes import Outcome, Verdict
from mailer.delivery.engine.throttle import Limit, Throttle

TAKEN = Outcome(Verdict.ACCEPTED, "250 2.0.0 Ok", 250)


def line_of(*addresses):
    return Line(addresses, lambda address: address.rpartition("@")[2])


def readers(domain, count):
    return [f"r{number}@{domain}" for number in range(count)]


def take_all(line, throttle, now):
    taken = []
    while item := line.next(throttle, now):
        taken.append(item)
    return taken


def test_without_bounds_everybody_comes_in_order():
    people = readers("a.example", 3) + readers("b.example", 2)
    line = line_of(*people)

    assert take_all(line, Throttle(connections=8), 0.0) == people
    assert not line


def test_others_overtake_a_domain_whose_turn_has_not_come():
    throttle = Throttle(connections=8, limits=[Limit(("slow.example",), per_second=2)])
    line = line_of(*readers("slow.example", 20), *readers("quick.example", 5))

    taken = take_all(line, throttle, 0.0)

    assert set(readers("quick.example", 5)) < set(taken)
    assert len(taken) == 8, "what may come at once, and all the others"
    assert len(line) == 4, "two seconds' worth is kept at hand"
    assert len(line.put_off["slow.example"]) == 13


def test_what_is_held_leaves_as_time_passes():
    throttle = Throttle(connections=8, limits=[Limit(("slow.example",), per_second=2)])
    line = line_of(*readers("slow.example", 7))
    first = take_all(line, throttle, 0.0)
    later = []
    for step in range(1, 40):
        line.look_at_all()
        later += take_all(line, throttle, step / 10)

    assert first + later == readers("slow.example", 7)
    assert not line
    assert line.put_off == {}


def test_connections_that_are_short_put_nobody_off():
    throttle = Throttle(connections=8, limits=[Limit(("slow.example",), concurrent=2)])
    line = line_of(*readers("slow.example", 100))
    in_flight, taken, now = take_all(line, throttle, 0.0), [], 0.0
    while in_flight:
        assert len(in_flight) <= 2
        taken.append(in_flight.pop(0))
        throttle.ended("slow.example", TAKEN, now)
        line.look_again("slow.example")
        now += 0.001
        in_flight += take_all(line, throttle, now)

    assert taken == readers("slow.example", 100)
    assert line.put_off == {}


def test_during_a_pause_everything_is_put_off():
    throttle = Throttle(connections=8)
    for _ in range(5):
        throttle.may_begin("slow.example", 0.0)
        throttle.ended("slow.example", Outcome(Verdict.DEFERRED, "421 4.7.0 too much", 421), 0.0)
    line = line_of(*readers("slow.example", 5), "one@quick.example")

    assert take_all(line, throttle, 1.0) == ["one@quick.example"]
    assert not line
    assert len(line.put_off["slow.example"]) == 5


def test_who_left_is_let_go_wherever_they_wait():
    throttle = Throttle(connections=8, limits=[Limit(("slow.example",), per_second=2)])
    line = line_of(*readers("slow.example", 20))
    take_all(line, throttle, 0.0)
    gone = {next(iter(line)), line.put_off["slow.example"][0]}

    line.keep(lambda address: address not in gone)

    assert gone.isdisjoint({*line, *line.put_off["slow.example"]})
    assert len(line) == 3
    assert len(line.put_off["slow.example"]) == 12


def test_what_comes_back_is_first_and_clearing_leaves_what_was_put_off():
    throttle = Throttle(connections=8, limits=[Limit(("slow.example",), per_second=2)])
    line = line_of("one@quick.example", *readers("slow.example", 20))
    first = line.next(throttle, 0.0)
    line.return_item(first)

    assert take_all(line, throttle, 0.0)[0] == first
    line.clear()
    assert not line
    assert line.put_off
