"""Key pairs and the records that publish them."""

import re

import pytest

from mailer.delivery.engine.dkim_keys import (
    Algorithm,
    make_key,
    problem_of,
    record_name,
    record_value,
    zone_line,
)


@pytest.mark.parametrize("algorithm", Algorithm)
def test_the_record_of_a_new_key_publishes_it(algorithm):
    _, public = make_key(algorithm)

    value = record_value(algorithm, public)

    assert problem_of([value], algorithm=algorithm, public_key=public) == ""


def test_the_zone_form_says_the_same_in_short_strings():
    _, public = make_key(Algorithm.RSA)
    value = record_value(Algorithm.RSA, public)

    line = zone_line(record_name("m1", "bakery.example"), value)

    strings = re.findall(r'"([^"]*)"', line)
    assert line.startswith("m1._domainkey.bakery.example. 3600 IN TXT (")
    assert len(strings) == 2
    assert max(map(len, strings)) <= 255
    assert "".join(strings) == value


@pytest.mark.parametrize(
    "text",
    [
        "v=DKIM1; k=rsa; p=AAAA",
        "p=AAAA",
        "v=DKIM1;p=AA AA;",
        " v = DKIM1 ; h=sha1:sha256; s=email; t=y; p=AA\n AA",
    ],
)
def test_other_spellings_of_the_right_record_are_right(text):
    assert problem_of([text], algorithm=Algorithm.RSA, public_key="AAAA") == ""


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ([], "no public key"),
        (["v=spf1 -all"], "v=spf1 -all"),
        (["v=DKIM1; p="], "withdrawn"),
        (["v=DKIM1; p=BBBB"], "another key"),
        (["v=DKIM1; p=AA"], "cut off"),
        (["v=DKIM1; k=ed25519; p=AAAA"], "k=rsa"),
        (["v=DKIM1; h=sha1; p=AAAA"], "SHA-256"),
        (["v=DKIM1; s=other; p=AAAA"], "for email"),
        (["v=DKIM1; p=AAAA", "v=DKIM1; p=BBBB"], "2 keys"),
    ],
)
def test_what_is_wrong_is_said(texts, words):
    assert words in problem_of(texts, algorithm=Algorithm.RSA, public_key="AAAA")
