"""What the DNS says, in words."""

import dns.rcode
import pytest

from mailer.delivery.engine import txt_records
from mailer.delivery.engine.txt_records import look_up
from tests.support.dns import name_server


@pytest.fixture
def zone(monkeypatch):
    monkeypatch.setattr(txt_records, "_PATIENCE_SECONDS", 1.0)
    with name_server(monkeypatch) as records:
        yield records


def test_the_strings_of_a_record_are_joined(zone):
    zone["m._domainkey.bakery.example"] = "v=DKIM1; k=rsa; p=" + "A" * 392

    answer = look_up("m._domainkey.bakery.example")

    assert answer.texts == (zone["m._domainkey.bakery.example"],)
    assert answer.problem == ""


def test_a_missing_record_is_no_trouble_of_the_dns(zone):
    answer = look_up("m._domainkey.bakery.example")

    assert answer.is_authentic
    assert "There is no TXT record" in answer.problem


def test_a_server_that_fails_has_said_nothing(zone):
    zone.rcode = dns.rcode.SERVFAIL

    answer = look_up("m._domainkey.bakery.example")

    assert not answer.is_authentic
    assert "error" in answer.problem


def test_silence_has_said_nothing(zone):
    zone.is_silent = True

    answer = look_up("m._domainkey.bakery.example")

    assert not answer.is_authentic
    assert "connected to the internet" in answer.problem
