"""Mail leaves by servers that suit it, by weight, around those in trouble."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from mailer.delivery.engine.breaker import after_failure, begin_probe
from mailer.delivery.engine.ports import Server
from mailer.delivery.engine.routing import Route, Split, choose, next_look, suitable

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
IN_TROUBLE = after_failure(None, "Connection refused", NOON - timedelta(seconds=5))
DRAWS = [number / 100 for number in range(100)]


def route(key, *, domains=(), **values):
    return Route(key, Server(f"{key}.example", 25), from_domains=frozenset(domains), **values)


def chosen(*routes):
    """How often each route is chosen in a hundred draws."""
    return Counter(found.key if (found := choose(routes, now=NOON, draw=draw)) else None for draw in DRAWS)


def test_weights_share_the_mail():
    assert chosen(route("a", weight=60), route("b", weight=30), route("c", weight=10)) == {
        "a": 60,
        "b": 30,
        "c": 10,
    }


def test_a_server_without_weight_only_steps_in():
    spare = route("spare", weight=0)

    assert chosen(route("a"), spare) == {"a": 100}
    assert chosen(route("a", trouble=IN_TROUBLE), spare) == {"spare": 100}


def test_the_others_share_what_a_server_in_trouble_would_take():
    assert chosen(
        route("a", weight=50, trouble=IN_TROUBLE), route("b", weight=30), route("c", weight=20)
    ) == {"b": 60, "c": 40}


def test_when_all_rest_nothing_is_chosen_and_the_first_look_is_known():
    sooner = route("a", trouble=IN_TROUBLE)
    later = route("b", trouble=after_failure(None, "no", NOON))

    assert chosen(sooner, later) == {None: 100}
    assert next_look([later, sooner]) == NOON + timedelta(seconds=5)
    assert next_look([route("c")]) is None


def test_a_rested_server_may_be_tried_but_not_while_somebody_does():
    rested = after_failure(None, "no", NOON - timedelta(seconds=30))

    assert chosen(route("a", trouble=rested)) == {"a": 100}
    assert chosen(route("a", trouble=begin_probe(rested, NOON))) == {None: 100}


def test_a_domain_s_mail_leaves_by_the_servers_that_name_it():
    bakery, everything = route("bakery", domains=["bakery.example"]), route("any")
    routes = [bakery, everything]

    assert suitable(routes, "bakery.example") == [bakery]
    assert suitable(routes, "News.Bakery.Example") == [bakery]
    assert suitable(routes, "notbakery.example") == [everything]


def test_the_nearest_name_wins():
    near, far = route("near", domains=["news.bakery.example"]), route("far", domains=["bakery.example"])

    assert suitable([far, near], "news.bakery.example") == [near]
    assert suitable([far, near], "bakery.example") == [far]


def test_no_server_takes_the_mail_of_a_domain_that_is_not_its_own():
    assert suitable([route("bakery", domains=["bakery.example"])], "cheese.example") == []
    assert choose([], now=NOON, draw=0.5) is None


def fill(split, routes, count, *, busy=()):
    """Let routes ask in turn, and return how many messages each took."""
    taken, now = Counter(), 0.0
    while taken.total() < count:
        now += 0.001
        for one in routes:
            if one not in busy and taken.total() < count and split.may_take(one, now):
                split.took(one, now)
                taken[one.key] += 1
    return taken


def test_a_batch_is_shared_by_weight_however_quick_a_server_is():
    a, b = route("a", weight=75), route("b", weight=25)

    taken = fill(Split([a, b]), [b, b, b, a], 1_000)

    assert abs(taken[a.key] - 750) <= 20


def test_a_server_that_answers_nothing_does_not_hold_up_the_others_for_long():
    a, b = route("a", weight=90), route("b", weight=10)

    assert fill(Split([a, b]), [a, b], 50, busy=[a]) == {b.key: 50}


def test_one_in_trouble_is_dropped_and_the_others_take_the_rest():
    a, b, spare = route("a"), route("b"), route("spare", weight=0)
    split = Split([a, b, spare])
    assert split.routes == [a, b]

    split.drop(a)
    assert split.routes == [b]
    split.drop(b)
    assert split.routes == [spare]
    split.drop(spare)

    assert split.routes == []


def test_without_any_weight_the_first_spare_takes_all():
    one, two = route("one", weight=0), route("two", weight=0)

    assert Split([one, two]).routes == [one]
