"""People or machines: single signs by table, and a day with known truth."""

from datetime import timedelta

import pytest

from mailer.lib.ids import uuid7
from mailer.lib.networks import forwarded_for, gateway_of, network_of
from mailer.proof.day import BROWSERS, CHROME, GMAIL_PREFETCH, GMAIL_PROXY, LAUNCH, MPP
from mailer.tracking.agents import agent_in, read_agent
from mailer.tracking.crowds import crowds, hasty
from mailer.tracking.verdicts import Reason, Seen, Verdict, judge
from tests.corpora import corpus
from tests.corpora.agents import score


def seen(
    seconds: float, link: int | None = 0, *, agent: str = CHROME, network: str = "", delivery=None
) -> Seen:
    return Seen(uuid7(), delivery or uuid7(), LAUNCH + timedelta(seconds=seconds), link, agent, network)


def judged(*events: Seen, crowded=()):
    verdicts = judge(events, arrived_at=LAUNCH, trap=9, crowded=crowded)
    return [verdicts[event.id] for event in events]


@pytest.mark.parametrize(
    ("event", "verdict", "reason"),
    [
        (seen(2), Verdict.HUMAN, Reason.NOTHING_ODD),
        (seen(0.1), Verdict.SCANNER, Reason.TOO_SOON),
        (seen(60, None, agent=GMAIL_PROXY), Verdict.PROXY, Reason.USER_AGENT),
        (seen(60, None, agent=GMAIL_PREFETCH), Verdict.PREFETCH, Reason.USER_AGENT),
        (seen(60, None, agent=MPP), Verdict.APPLE_MPP, Reason.USER_AGENT),
        (seen(60, agent="python-requests/2.32"), Verdict.SCANNER, Reason.USER_AGENT),
        (seen(60, agent=""), Verdict.UNKNOWN, Reason.NO_USER_AGENT),
        (seen(60, 9), Verdict.SCANNER, Reason.HIDDEN_LINK),
        (seen(60, network="40.107.3.0/24"), Verdict.SCANNER, Reason.GATEWAY),
    ],
)
def test_one_sign_is_enough(event: Seen, verdict: Verdict, reason: Reason):
    assert judged(event) == [(verdict, reason)]


def test_what_comes_with_the_hidden_link_is_no_person_and_what_comes_later_is():
    delivery = uuid7()
    first, trap, later = (seen(at, link, delivery=delivery) for at, link in ((5, 0), (7, 9), (3_600, 0)))

    verdicts = [verdict for verdict, _ in judged(first, trap, later)]

    assert verdicts == [Verdict.SCANNER, Verdict.SCANNER, Verdict.HUMAN]


def test_three_links_in_two_seconds_are_a_machine_and_two_are_not():
    delivery = uuid7()
    quick = [seen(60 + number / 2, number, delivery=delivery) for number in range(3)]

    assert {reason for _, reason in judged(*quick)} == {Reason.MANY_LINKS}
    assert {verdict for verdict, _ in judged(*quick[:2])} == {Verdict.HUMAN}


def test_one_network_for_many_readers_at_once_is_a_crowd_and_over_an_hour_is_not():
    at_once = [seen(number / 5, network="198.51.100.0/24") for number in range(10)]
    over_time = [seen(number * 60, network="198.51.100.0/24") for number in range(100)]

    assert crowds(at_once) == {event.id for event in at_once}
    assert crowds(over_time) == set()
    # Everybody at Gmail comes from the same few networks.
    assert crowds(seen(1, None, agent=GMAIL_PROXY, network="66.249.93.0/24") for _ in range(50)) == set()


def test_a_slow_sweep_of_every_link_is_a_machine_and_so_is_its_return():
    delivery = uuid7()
    network = "192.0.2.0/24"
    sweep = [seen(300 + 7 * number, number, delivery=delivery, network=network) for number in range(9)]
    again, person = (seen(700, 2, delivery=delivery, network=each) for each in (network, "198.51.100.0/24"))

    verdicts = judged(*sweep, again, person)

    assert {reason for _, reason in verdicts[:-1]} == {Reason.MANY_LINKS}
    assert verdicts[-1] == (Verdict.HUMAN, Reason.NOTHING_ODD)


def test_a_network_where_everybody_clicks_at_once_on_arrival_is_a_gateway_and_an_office_is_not():
    def clicks(network: str, delays: list[float]) -> tuple[list[Seen], dict]:
        events = [seen(60 * number + delay, network=network) for number, delay in enumerate(delays)]
        arrived = {
            event.delivery_id: LAUNCH + timedelta(seconds=60 * number) for number, event in enumerate(events)
        }
        return events, arrived

    gateway, of_gateway = clicks("192.0.2.0/24", [2, 3, 5, 8, 12])
    office, of_office = clicks("198.51.100.0/24", [2, 3, 5, 8, 12, 90, 400, 800])

    assert hasty(gateway + office, of_gateway | of_office) == {event.id for event in gateway}


@pytest.mark.parametrize("agent", BROWSERS)
def test_browsers_are_people(agent: str):
    assert not read_agent(agent).is_machine


def test_labelled_user_agents_are_told_apart():
    corpus("useragents/labelled.json")

    found = score()

    assert found.recall >= 0.90, found.missed
    assert found.false_rate <= 0.001, found.false
    assert found.clients_called_machines == 0


def test_a_line_is_a_user_agent_a_string_or_an_object():
    assert agent_in("curl/8\n") == agent_in('"curl/8"') == agent_in('{"user_agent": "curl/8"}') == "curl/8"


def test_networks_are_kept_and_addresses_are_not():
    assert network_of("192.0.2.77") == network_of("::ffff:192.0.2.1") == "192.0.2.0/24"
    assert network_of("2001:db8:7:1::5") == "2001:db8:7::/48"
    assert network_of("unix") == ""
    assert gateway_of("67.231.152.0/24") == "Proofpoint"
    assert forwarded_for("203.0.113.9, 198.51.100.7", "10.0.0.1", 1) == "198.51.100.7"
    assert forwarded_for("203.0.113.9", "10.0.0.1", 0) == "10.0.0.1"
