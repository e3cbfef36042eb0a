"""Our client and one on smtplib, before the same scripts: the same must become of every message.

Both meet a server that answers, cuts and talks nonsense as a generated script says, each
from the script's beginning. ``pytest --scripts 5000`` plays more of them; a failure names
its script, and ``generate(seed)`` plays it again.
"""

import random
import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from mailer.delivery.engine.courier import SmtpCourier
from mailer.delivery.engine.outcomes import Outcome, Stage, Verdict
from mailer.delivery.engine.pool import Pool
from mailer.delivery.engine.ports import Envelope, LeaseLost
from tests.support.smtp_reference import ReferenceCourier
from tests.support.smtp_scripts import (
    Act,
    Performance,
    Script,
    content_of,
    generate,
    parcel_of,
    recipient_of,
    scripted,
    sender_of,
)

ACCEPTED, DEFERRED, IN_DOUBT = Verdict.ACCEPTED, Verdict.DEFERRED, Verdict.IN_DOUBT


@pytest.fixture(scope="module")
def server():
    with scripted() as server:
        yield server


def pytest_generate_tests(metafunc):
    """A block of scripts a test, so that a failing one is found soon and many are played fast."""
    if "seeds" in metafunc.fixturenames:
        count = metafunc.config.getoption("--scripts")
        blocks = [range(first, min(first + 50, count)) for first in range(0, count, 50)]
        metafunc.parametrize("seeds", blocks, ids=lambda block: f"{block.start}-{block.stop}")


class Desk:
    """Gives out the messages of a script, and keeps what became of them."""

    def __init__(self, script: Script) -> None:
        self.left = [parcel_of(number) for number in reversed(range(script.messages))]
        self.outcomes: dict[int, Outcome] = {}
        self.intended: list[int] = []

    def ask(self):
        pass

    def look(self):
        pass

    def take(self, server):
        return self.left.pop() if self.left else None

    def intend(self, parcels):
        self.intended += [parcel.key for parcel in parcels]

    def settle(self, parcel, outcome):
        assert parcel.key not in self.outcomes, "settled twice"
        self.outcomes[parcel.key] = outcome

    def trouble(self, server, outcome):
        raise AssertionError(f"trouble: {outcome}")


def one_by_one(courier, script: Script) -> list[Outcome]:
    outcomes = [
        courier.hand_over(
            Envelope(sender_of(number), recipient_of(number)), content_of(number), before_dot=lambda: None
        )
        for number in range(script.messages)
    ]
    courier.close()
    return outcomes


def by_smtplib(server, script: Script, *, timeouts: float = 0.02) -> list[Outcome]:
    server.play(for_the_reference(script))
    courier = ReferenceCourier(server.address, timeouts=timeouts)
    outcomes = [
        as_often_as_ours(courier, Envelope(sender_of(number), recipient_of(number)), content_of(number))
        for number in range(script.messages)
    ]
    courier.close()
    return outcomes


def all_at_once(server, script: Script, *, connections: int, timeouts: float = 0.02) -> list[Outcome]:
    pool, desk = Pool(timeouts=timeouts), Desk(script)
    pool.serve(server.address, connections=connections)
    ends_at = time.monotonic() + 20
    while len(desk.outcomes) < script.messages:
        pool.step(desk, wait=0.5)
        assert time.monotonic() < ends_at, f"stuck at {script}: {desk.outcomes}"
    assert pool.in_flight == 0
    pool.close()
    return [desk.outcomes[number] for number in range(script.messages)]


# Where the two differ on purpose, and how each difference is taken out before they are compared:
#
# 1. What breaks under an envelope on a connection that has served others is no try of the
#    message (the server may close what was idle, or end a long session with 421): ours carries
#    it again by itself. The reference does so only when a broken MAIL is the first to notice;
#    ``as_often_as_ours`` makes it try again where ours does.
# 2. smtplib takes a reply that was cut off in the middle for a whole one; ours takes it for
#    what it is. The reference is played a cut without any words instead.
# 3. smtplib keeps what a server says unasked and takes it for the answer to the next command:
#    after a second 354 even for the answer to the dot. Ours hangs up where it can tell. The
#    messages that follow such an answer are judged by what the server has alone.
# 4. With PIPELINING the next envelope is with the server when the answer comes that makes us
#    hang up: what the script has for it was played, and nobody heard it. So the message
#    after that may find a used connection where the reference opens a new one.


def for_the_reference(script: Script) -> Script:
    acts = {
        where: replace(act, kind="cut") if act.kind == "cut in reply" else act
        for where, act in script.acts.items()
    }
    return replace(script, acts=acts)


def as_often_as_ours(courier: ReferenceCourier, envelope: Envelope, content: bytes) -> Outcome:
    for _ in range(4):
        was_open, connections = courier.is_open, courier.connections
        outcome = courier.hand_over(envelope, content, before_dot=lambda: None)
        is_broken = "The connection broke" in outcome.reply and "in time" not in outcome.reply
        is_told_to_go = outcome.code == 421 and courier.refused_at is Stage.MAIL
        is_used_one = was_open and courier.connections == connections
        if not is_used_one or not (is_broken or is_told_to_go):
            break
    return outcome


def alike(theirs: Outcome, ours: Outcome) -> bool:
    if (theirs.verdict, theirs.code) != (ours.verdict, ours.code):
        return False
    if (theirs.is_about_address, theirs.is_about_server) != (ours.is_about_address, ours.is_about_server):
        return False
    return theirs.code is None or theirs.reply == ours.reply


def is_said_unasked(script: Script, number: int, theirs: Outcome, ours: Outcome) -> bool:
    twice = {where for where, act in script.acts.items() if act.kind == "twice"}
    if (number, "data") in twice and theirs.verdict is IN_DOUBT:
        return True
    return any(of < number for of, stage in twice if stage in ("data", "dot", "rset"))


def is_played_unheard(script: Script, number: int) -> bool:
    return script.has_pipelining and any(
        (stage == "dot" and not re.match(rb"[245]\d\d", act.reply))
        or (stage == "rset" and not re.match(rb"2\d\d", act.reply))
        or (stage in ("mail", "rcpt") and act.kind == "twice")
        for (of, stage), act in script.acts.items()
        if of in (number - 1, number - 2)
    )


def check_against_the_server(script: Script, stage: Performance, outcomes: list[Outcome]) -> None:
    """What we say became of each message is what the server knows, and each text met its own envelope."""
    for taken in stage.taken:
        assert len(taken.recipients) == 1, f"{taken}: {script}"
        (recipient,) = taken.recipients
        assert recipient.startswith("reader"), f"{taken}: {script}"
        number = int(recipient.removeprefix("reader").partition("@")[0])
        assert taken.sender == sender_of(number), script
        assert taken.content == content_of(number), script
    for number, outcome in enumerate(outcomes):
        copies = len(stage.contents_of(number))
        if outcome.verdict is ACCEPTED:
            assert copies == 1, f"{copies} copies of {number}: {script}"
        elif outcome.verdict is IN_DOUBT:
            assert copies <= 1, script
        else:
            assert copies == 0, f"{number} is {outcome}, but was taken: {script}"


def test_the_same_becomes_of_every_message(server, seeds):
    differences = []
    for seed in seeds:
        script = generate(seed)
        theirs = by_smtplib(server, script)
        runs = {}
        for name, send in {
            "courier": lambda script: one_by_one(SmtpCourier(server.address, timeouts=0.02), script),
            "pool": lambda script: all_at_once(server, script, connections=1),
        }.items():
            stage = server.play(script)
            runs[name] = send(script)
            check_against_the_server(script, stage, runs[name])
        differences += [
            f"{name}, message {number}: smtplib {theirs[number]}, ours {ours}; {script}"
            for name, outcomes in runs.items()
            for number, ours in enumerate(outcomes)
            if not alike(theirs[number], ours)
            and not is_said_unasked(script, number, theirs[number], ours)
            and not is_played_unheard(script, number)
        ]

    assert not differences, "\n".join(differences)


def test_over_several_connections_nothing_is_lost_doubled_or_mixed_up(server, seeds):
    for seed in seeds:
        script = generate(seed, messages=12)
        stage = server.play(script)

        outcomes = all_at_once(server, script, connections=4)

        check_against_the_server(script, stage, outcomes)


class Restless(Desk):
    """Loses its lease now and then, and takes everything back whenever it likes."""

    def __init__(self, script: Script) -> None:
        super().__init__(script)
        self.chance = random.Random(script.seed)

    def intend(self, parcels):
        if self.chance.random() < 0.1:
            raise LeaseLost
        super().intend(parcels)

    def disturb(self, pool: Pool) -> None:
        try:
            pool.step(self, wait=0.1)
        except LeaseLost:
            self.left += pool.recall()
        if self.chance.random() < 0.1:
            self.left += pool.recall()


def test_whatever_is_taken_back_is_neither_lost_nor_sent_twice(server, seeds):
    for seed in seeds:
        script = generate(seed, messages=12)
        performance = server.play(script)
        pool, desk = Pool(timeouts=0.02), Restless(script)
        pool.serve(server.address, connections=3, messages_per_connection=5)

        while len(desk.outcomes) < script.messages:
            desk.disturb(pool)
            assert len(desk.left) + pool.in_flight + len(desk.outcomes) == script.messages

        pool.close()
        check_against_the_server(script, performance, [desk.outcomes[number] for number in range(12)])


@pytest.mark.parametrize("has_pipelining", [True, False])
def test_silence_means_the_same_to_both(has_pipelining):
    def play(stage, send):
        # After MAIL on a used connection the reference would try once more: a stall may be an
        # idle connection to it. Ours can tell the two apart, and waits for no server twice.
        script = Script(0, 3, {(1, stage): Act("stall")}, has_pipelining=has_pipelining)
        with scripted() as server:
            server.play(script)
            return send(server, script), server.performance.taken

    ways = [
        lambda server, script: by_smtplib(server, script, timeouts=0.004),
        lambda server, script: one_by_one(SmtpCourier(server.address, timeouts=0.004), script),
        lambda server, script: all_at_once(server, script, connections=1, timeouts=0.004),
    ]
    stages = {"rcpt": DEFERRED, "data": DEFERRED, "dot": IN_DOUBT}
    with ThreadPoolExecutor(9) as threads:
        plays = {stage: [threads.submit(play, stage, send) for send in ways] for stage in stages}

    for stage, verdict in stages.items():
        for future in plays[stage]:
            outcomes, taken = future.result()
            assert [outcome.verdict for outcome in outcomes] == [ACCEPTED, verdict, ACCEPTED]
            assert len(taken) == 2
