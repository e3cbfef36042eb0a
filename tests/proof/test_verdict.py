"""The judge of a storm: each thing that can go wrong is seen, and nothing else is."""

from collections import Counter
from typing import Any

import pytest

from mailer.delivery.models import DeliveryState, SkipReason
from mailer.proof.sink import Entry, Happened
from mailer.proof.verdict import Evidence, Kill, Row, judge

ACCEPTED, IN_DOUBT, SKIPPED = DeliveryState.ACCEPTED, DeliveryState.IN_DOUBT, DeliveryState.SKIPPED
ANA, BEN, CLEO = "ana@example.com", "ben@example.com", "cleo@example.com"


def entry(
    what: Happened, address: str = ANA, *, at: float = 10.0, connection: int = 1, detail: str = ""
) -> Entry:
    return Entry(at, at - 0.001, connection, what, address, "bread", detail)


def taken(*addresses: str, **values: Any) -> list[Entry]:
    return [entry(Happened.TAKEN, address, **values) for address in addresses]


def evidence(rows: list[Row], entries: list[Entry], **values: Any) -> Evidence:
    known: dict[str, Any] = {
        "audience": {"bread": [row.email for row in rows]},
        "rows": {"bread": rows},
        "counts": {"bread": Counter(row.state for row in rows)},
        "entries": entries,
        **values,
    }
    return Evidence(**known)


def test_a_fair_wind_has_nothing_to_blame():
    figures = judge(evidence([Row(ANA, ACCEPTED), Row(BEN, ACCEPTED)], taken(ANA, BEN)))

    assert figures.missed() == []
    assert figures.audience == 2


def test_who_was_called_accepted_and_never_arrived_is_lost():
    figures = judge(evidence([Row(ANA, ACCEPTED), Row(BEN, ACCEPTED)], taken(ANA)))

    assert figures.missed() == ["lost: 1"]


def test_who_still_waits_when_all_is_quiet_is_lost():
    figures = judge(evidence([Row(ANA, DeliveryState.PREPARED)], []))

    assert figures.missed() == ["lost: 1", "unbalanced: 1"]


def test_who_has_no_delivery_was_skipped_silently():
    figures = judge(evidence([Row(ANA, ACCEPTED)], taken(ANA), audience={"bread": [ANA, BEN]}))

    assert figures.missed() == ["silently skipped: 1", "unbalanced: 1"]


def test_a_skip_needs_somebody_who_asked():
    rows = [Row(ANA, SKIPPED, SkipReason.UNSUBSCRIBED), Row(BEN, SKIPPED, SkipReason.UNSUBSCRIBED)]

    assert judge(evidence(rows, [], left={ANA: 1.0})).missed() == ["silently skipped: 1"]
    assert judge(evidence(rows, [], cancelled={"bread": 1.0})).missed() == []


def test_twice_is_once_too_often_whatever_was_said_about_it():
    twice = [*taken(ANA), entry(Happened.TAKEN_SILENTLY)]

    assert judge(evidence([Row(ANA, ACCEPTED)], twice)).missed() == ["duplicated: 1"]


def test_doubt_is_allowed_for_each_silence_and_each_connection_of_the_dead():
    rows = [Row(ANA, IN_DOUBT), Row(BEN, IN_DOUBT), Row(CLEO, IN_DOUBT)]
    silences = [entry(Happened.TAKEN_SILENTLY), entry(Happened.DROPPED_SILENTLY, BEN)]
    connected = [entry(Happened.CONNECTED, ""), entry(Happened.CONNECTED, "")]

    assert judge(evidence(rows, silences)).missed() == ["in doubt: 3, at most 2"]
    killed = judge(evidence(rows, [*connected, *silences], kills=[Kill(9.0, "worker", True)], workers=2))
    assert killed.missed() == []
    assert (killed.in_doubt, killed.in_doubt_arrived, killed.in_doubt_allowed) == (3, 1, 3)


@pytest.mark.parametrize(
    ("reply", "missed"),
    [("550 5.1.1 No such user", []), ("450 4.2.1 Busy", ["wrongly failed: 1"])],
)
def test_a_failure_needs_a_refusal(reply, missed):
    refused = [entry(Happened.REFUSED, detail=reply)]

    assert judge(evidence([Row(ANA, DeliveryState.REJECTED)], refused)).missed() == missed


def test_a_refusal_of_us_must_cost_nobody_their_place():
    refused = [entry(Happened.REFUSED, detail="554 5.7.1 Not from you")]
    held = [Row(ANA, DeliveryState.HELD)]

    assert judge(evidence(held, refused)).missed() == []
    assert judge(evidence(held, refused, suppressed={ANA})).missed() == ["wrongly failed: 1"]


def test_after_leaving_only_what_a_connection_had_in_hand_may_go():
    rows = [Row(ANA, ACCEPTED), Row(BEN, ACCEPTED)]
    sent = [*taken(ANA, at=10.0), *taken(BEN, at=11.0)]

    assert judge(evidence(rows, sent, left={ANA: 9.0})).missed() == []
    assert judge(evidence(rows, sent, left={BEN: 9.0})).missed() == ["sent after leaving: 1"]
    assert judge(evidence(rows, sent, cancelled={"bread": 9.0})).missed() == ["sent after leaving: 1"]
    assert judge(evidence(rows, sent, left={BEN: 10.5})).missed() == []


def test_a_body_for_someone_else_is_seen():
    crossed = [entry(Happened.CROSSED), *taken(ANA)]

    assert judge(evidence([Row(ANA, ACCEPTED)], crossed)).missed() == ["crossed: 1"]


def test_counts_that_differ_from_the_rows_are_seen():
    wrong = {"bread": Counter({ACCEPTED: 2})}

    assert judge(evidence([Row(ANA, ACCEPTED)], taken(ANA), counts=wrong)).missed() == ["unbalanced: 1"]


@pytest.mark.parametrize(("pause", "seconds"), [(0, 1.0), (12, 13.0)])
def test_recovery_is_the_time_to_the_first_second_at_the_usual_speed(pause, seconds):
    people = [f"{number}@example.com" for number in range(400)]
    # Ten a second for 20 s; a kill; a pause; a slow second; ten a second again.
    moments = [n / 10 for n in range(200)] + [20.2 + pause, 20.7 + pause]
    moments += [21 + pause + n / 10 for n in range(198)]
    entries = [
        Entry(at, at, 1, Happened.TAKEN, address, "bread", "")
        for at, address in zip(moments, people, strict=True)
    ]

    figures = judge(evidence([Row(each, ACCEPTED) for each in people], entries, kills=[Kill(20.0, "worker")]))

    assert figures.recovery_seconds == seconds
    assert figures.missed() == []
