"""Encrypted conversations, against a server with a certificate of its own making."""

import ssl

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from mailer.delivery.engine.courier import SmtpCourier
from mailer.delivery.engine.outcomes import Verdict
from mailer.delivery.engine.ports import Envelope, Server
from mailer.proof.product import free_port

TO_BEN = Envelope("ana@bakery.example", "ben@example.com")
MESSAGE = b"Subject: Bread\r\n\r\nFresh.\r\n"


class Taker:
    """Takes every message, and notes whether it came encrypted and from whom."""

    def __init__(self) -> None:
        self.taken = []

    async def handle_DATA(self, server, session, envelope):
        self.taken.append((session.ssl is not None, bool(session.authenticated), envelope.original_content))
        return "250 2.0.0 taken"


def knows_ana(server, session, envelope, mechanism, auth_data):
    is_ana = (auth_data.login, auth_data.password) == (b"ana", b"bread")
    return AuthResult(success=is_ana, handled=False)


@pytest.fixture
def relay(self_signed):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed)
    controller = Controller(
        Taker(), hostname="127.0.0.1", port=free_port(), tls_context=context, authenticator=knows_ana
    )
    controller.start()
    yield controller
    controller.stop()


def server_of(relay, **settings):
    return Server("127.0.0.1", relay.port, **settings)


@pytest.mark.parametrize("mode", ["opportunistic", "required"])
def test_a_message_travels_encrypted_when_the_server_offers_it(relay, mode):
    courier = SmtpCourier(server_of(relay, tls=mode))

    outcomes = [courier.hand_over(TO_BEN, MESSAGE, before_dot=lambda: None) for _ in range(2)]

    assert [outcome.verdict for outcome in outcomes] == [Verdict.ACCEPTED] * 2
    assert relay.handler.taken == [(True, False, MESSAGE)] * 2


def test_a_user_signs_in_once_the_line_is_encrypted(relay):
    courier = SmtpCourier(server_of(relay, tls="required", user="ana", password="bread"))

    outcome = courier.hand_over(TO_BEN, MESSAGE, before_dot=lambda: None)

    assert outcome.verdict is Verdict.ACCEPTED
    assert relay.handler.taken == [(True, True, MESSAGE)]


def test_a_wrong_password_blames_nobody_in_the_audience(relay):
    courier = SmtpCourier(server_of(relay, tls="required", user="ana", password="cheese"))

    outcome = courier.hand_over(TO_BEN, MESSAGE, before_dot=lambda: None)

    assert outcome.verdict is Verdict.HELD
    assert outcome.is_about_server


def test_a_certificate_that_nobody_vouches_for_is_refused_where_it_is_verified(relay):
    courier = SmtpCourier(server_of(relay, tls="verify"))

    outcome = courier.hand_over(TO_BEN, MESSAGE, before_dot=lambda: None)

    assert outcome.verdict is Verdict.DEFERRED
    assert "self-signed certificate" in outcome.reply
    assert relay.handler.taken == []


def test_a_certificate_that_is_vouched_for_is_taken(relay, self_signed, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(self_signed))
    courier = SmtpCourier(server_of(relay, tls="verify"))

    outcome = courier.hand_over(TO_BEN, MESSAGE, before_dot=lambda: None)

    assert outcome.verdict is Verdict.ACCEPTED
