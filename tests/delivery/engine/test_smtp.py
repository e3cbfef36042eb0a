"""One conversation after another, with everything that can happen in it."""

import pytest

from mailer.delivery.engine.courier import SmtpCourier
from mailer.delivery.engine.outcomes import Verdict
from mailer.delivery.engine.ports import Envelope, LeaseLost, Server
from tests.support.smtp import CUT, STALL, TAKE_AND_CUT, sink

TO_BEN = Envelope("ana@bakery.example", "ben@example.com")
MESSAGE = b"Subject: Bread\r\n\r\nFresh.\r\n"


def nothing() -> None:
    """Do nothing before the dot."""


def scripted(planned_stage, answer, *, times=1):
    left = [times]

    def script(stage, recipient):
        if stage != planned_stage or left[0] == 0:
            return None
        left[0] -= 1
        return answer

    return script


def test_a_message_arrives_byte_for_byte():
    with sink() as server:
        outcome = SmtpCourier(server.server).hand_over(TO_BEN, MESSAGE, before_dot=nothing)

        assert outcome.verdict is Verdict.ACCEPTED
        assert outcome.reply == "250 2.0.0 taken"
        assert [(m.sender, m.recipient, m.data) for m in server.received] == [
            ("ana@bakery.example", "ben@example.com", MESSAGE)
        ]


def test_one_connection_serves_many_messages():
    with sink() as server:
        courier = SmtpCourier(server.server)

        for _ in range(5):
            courier.hand_over(TO_BEN, MESSAGE, before_dot=nothing)

        assert len(server.received) == 5
        assert server.connections == 1


@pytest.mark.parametrize(
    ("stage", "answer", "verdict", "is_about_address"),
    [
        ("mail", "451 4.3.0 later", Verdict.DEFERRED, False),
        ("mail", "550 5.7.1 not you", Verdict.HELD, False),
        ("rcpt", "450 4.2.1 slow down", Verdict.DEFERRED, False),
        ("rcpt", "421 4.7.0 too many", Verdict.DEFERRED, False),
        ("rcpt", "550 5.1.1 no such user", Verdict.REJECTED, True),
        ("data", "452 4.3.1 disk full", Verdict.DEFERRED, False),
        ("data", "554 5.7.1 policy", Verdict.HELD, False),
        ("dot", "451 4.7.1 greylisted", Verdict.DEFERRED, False),
        ("dot", "550 5.7.26 unauthenticated", Verdict.HELD, False),
        ("dot", "554 5.6.0 eight bits", Verdict.HELD, False),
        ("mail", CUT, Verdict.DEFERRED, False),
        ("rcpt", CUT, Verdict.DEFERRED, False),
        ("data", CUT, Verdict.DEFERRED, False),
        ("data", STALL, Verdict.DEFERRED, False),
        ("dot", CUT, Verdict.IN_DOUBT, False),
        ("dot", TAKE_AND_CUT, Verdict.IN_DOUBT, False),
        ("dot", STALL, Verdict.IN_DOUBT, False),
        ("dot", "nonsense", Verdict.IN_DOUBT, False),
    ],
)
def test_what_the_server_does_becomes_an_outcome_and_the_next_message_still_arrives(
    stage, answer, verdict, is_about_address
):
    with sink(scripted(stage, answer)) as server:
        courier = SmtpCourier(server.server, timeouts=0.0015)

        outcome = courier.hand_over(TO_BEN, MESSAGE, before_dot=nothing)
        following = courier.hand_over(
            Envelope("ana@bakery.example", "cleo@example.com"), MESSAGE, before_dot=nothing
        )

        assert (outcome.verdict, outcome.is_about_address) == (verdict, is_about_address)
        assert following.verdict is Verdict.ACCEPTED
        assert len(server.of("cleo@example.com")) == 1


def test_a_connection_that_went_stale_is_opened_again_without_a_word():
    with sink() as server:
        courier = SmtpCourier(server.server)
        courier.hand_over(TO_BEN, MESSAGE, before_dot=nothing)
        server.script = scripted("mail", CUT)

        outcome = courier.hand_over(TO_BEN, MESSAGE, before_dot=nothing)

        assert outcome.verdict is Verdict.ACCEPTED
        assert server.connections == 2


@pytest.mark.parametrize(
    ("stage", "answer", "verdict"),
    [
        ("connect", "421 4.3.2 closed", Verdict.DEFERRED),
        ("connect", "554 5.7.1 you are listed", Verdict.HELD),
        ("connect", CUT, Verdict.DEFERRED),
        ("ehlo", CUT, Verdict.DEFERRED),
        ("auth", "535 5.7.8 wrong password", Verdict.HELD),
        ("auth", "454 4.7.0 try later", Verdict.DEFERRED),
    ],
)
def test_a_server_that_takes_nobody_is_told_apart_from_one_that_refuses_a_message(stage, answer, verdict):
    with sink(scripted(stage, answer), extensions=("AUTH PLAIN",)) as server:
        settings = Server("127.0.0.1", server.port, tls="off", user="ana", password="bread")

        outcome = SmtpCourier(settings).hand_over(TO_BEN, MESSAGE, before_dot=nothing)

        assert outcome.verdict is verdict
        assert outcome.is_about_server


def test_nobody_listening_is_about_the_server():
    outcome = SmtpCourier(Server("127.0.0.1", 1, tls="off")).hand_over(TO_BEN, MESSAGE, before_dot=nothing)

    assert outcome.verdict is Verdict.DEFERRED
    assert outcome.is_about_server
    assert "127.0.0.1:1 cannot be reached" in outcome.reply


@pytest.mark.parametrize("mode", ["required", "verify"])
def test_required_encryption_is_never_done_without(mode):
    with sink() as server:
        outcome = SmtpCourier(Server("127.0.0.1", server.port, tls=mode)).hand_over(
            TO_BEN, MESSAGE, before_dot=nothing
        )

        assert outcome.verdict is Verdict.HELD
        assert server.received == []


def test_a_lost_lease_takes_the_message_back():
    def lost() -> None:
        raise LeaseLost

    with sink() as server:
        courier = SmtpCourier(server.server)

        with pytest.raises(LeaseLost):
            courier.hand_over(TO_BEN, MESSAGE, before_dot=lost)

        assert server.received == []
        assert courier.hand_over(TO_BEN, MESSAGE, before_dot=nothing).verdict is Verdict.ACCEPTED


def test_an_address_beyond_ascii_waits_for_a_server_that_can():
    with sink() as server:
        outcome = SmtpCourier(server.server).hand_over(
            Envelope("ana@bakery.example", "josé@example.com"), MESSAGE, before_dot=nothing
        )

        assert outcome.verdict is Verdict.REJECTED
        assert not outcome.is_about_address

    with sink(extensions=("SMTPUTF8", "8BITMIME")) as server:
        outcome = SmtpCourier(server.server).hand_over(
            Envelope("ana@bakery.example", "josé@example.com"), MESSAGE, before_dot=nothing
        )

        assert outcome.verdict is Verdict.ACCEPTED
