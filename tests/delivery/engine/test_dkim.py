"""Signatures that independent verifiers accept, and that break when something is changed or added."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailer.delivery.engine.dkim import Signer, body_hash, cover, sign_message
from mailer.delivery.engine.dkim_keys import Algorithm
from tests.support.letters import Letter, write
from tests.support.signing import key_pair, opendkim_says, verified

#: Real designs, which are not part of the repository.
CORPUS = Path(__file__).parents[4] / "shared" / "corpora" / "html"
DESIGNS = sorted(CORPUS.rglob("*.html")) if CORPUS.is_dir() else []

RSA = key_pair(Algorithm.RSA)
ED25519 = key_pair(Algorithm.ED25519)
BOTH = (RSA, ED25519)
FURTHER = [
    ("List-Unsubscribe", "<https://mail.bakery.example/u/" + "x" * 400 + ">, <mailto:leave@bakery.example>"),
    ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ("List-ID", "<lst_1.mail.bakery.example>"),
    ("Feedback-ID", "cmp_1:wsp_1:campaign:mailer"),
]
MESSAGES = {
    "plain": {"html": ""},
    "empty": {"text": "", "html": ""},
    "blank lines at the end": {"text": "Fresh.\n\n \n\t\n\n", "html": ""},
    "unicode": {
        "subject": "Søndagsbrød 🥐 " * 12,
        "from_name": "Ana from the “Bäckerei”",
        "text": "日本 \u2028",
    },
    "right to left": {"subject": "لحم وخبز", "text": "שלום\n" * 40},
    "white space": {"html": "<pre>  a\t\tb   \n \t\n</pre>\n" * 30},
    "long lines": {"html": "<p>" + "word " * 2_000 + "x" * 3_000},
    "dots and From": {"text": ".\n..\nFrom here\n.com"},
    "folded": {"subject": "bread and butter " * 30, "reply_to": "shop@bakery.example"},
    "all headers": {"headers": FURTHER, "reply_to": "shop@bakery.example"},
}


def written(**values):
    letter = {
        "from_name": "Ana",
        "from_email": "ana@bakery.example",
        "to": "ben@example.com",
        "subject": "Bread",
        "text": "Fresh.\n",
        "html": "<p>Fresh.</p>\n",
        "message_id": "dlv_1@bakery.example",
        "date": datetime(2026, 11, 22, 12, tzinfo=UTC),
        **values,
    }
    return write(Letter(**letter))


def signed(message, *pairs):
    head, _, body = message.partition(b"\r\n\r\n")
    signatures = sign_message([pair.signer for pair in pairs], head + b"\r\n", body, at=int(time.time()) - 60)
    return signatures + message


@pytest.mark.parametrize("values", MESSAGES.values(), ids=MESSAGES)
def test_both_signatures_of_any_message_verify(values):
    message = signed(written(**values), *BOTH)

    assert verified(message, *BOTH) == [True, True]


@pytest.mark.skipif(not DESIGNS, reason=f"The designs are not there: {CORPUS}")
def test_both_signatures_of_every_real_design_verify():
    for path in DESIGNS:
        message = signed(written(html=path.read_text("utf-8"), headers=FURTHER), *BOTH)

        assert verified(message, *BOTH) == [True, True], path


@pytest.mark.parametrize("pair", BOTH, ids=["rsa", "ed25519"])
@pytest.mark.parametrize("values", MESSAGES.values(), ids=MESSAGES)
def test_opendkim_verifies_them_too(values, pair, tmp_path):
    message = signed(written(**values), pair)

    assert opendkim_says(message, tmp_path, pair).endswith("succeeded")


def test_opendkim_refuses_what_was_changed(tmp_path):
    message = signed(written(), RSA).replace(b"Fresh", b"Stale")

    assert "failed" in opendkim_says(message, tmp_path, RSA)


@settings(max_examples=60)
@given(text=st.text(max_size=600), html=st.text(max_size=600), subject=st.text(max_size=80))
def test_any_words_verify(text, html, subject):
    subject = "".join(character for character in subject if character.isprintable())
    message = signed(written(text=text, html=html, subject=subject), ED25519)

    assert verified(message, ED25519) == [True]


@pytest.mark.parametrize(
    "name",
    [
        "From",
        "To",
        "Reply-To",
        "Subject",
        "Date",
        "List-Unsubscribe",
        "List-Unsubscribe-Post",
        "Content-Type",
    ],
)
def test_a_second_header_of_a_name_breaks_the_signature(name):
    message = signed(written(headers=FURTHER), ED25519)

    assert verified(f"{name}: mallory@example.net\r\n".encode() + message, ED25519) == [False]


@pytest.mark.parametrize("name", [name for name, _ in FURTHER])
def test_a_changed_header_breaks_the_signature(name):
    message = signed(written(headers=FURTHER), ED25519)

    assert verified(message.replace(f"\r\n{name}: ".encode(), f"\r\n{name}: x".encode()), ED25519) == [False]


def test_what_relays_may_do_to_white_space_does_not_break_it():
    message = signed(written(text="a  b\tc\nd"), ED25519)

    relayed = message.replace(b"\r\nSubject: ", b"\r\nsubject:  ").replace(b"d\r\n", b"d  \r\n")

    assert verified(relayed + b"\r\n\r\n", ED25519) == [True]


def test_headers_are_unfolded_and_the_last_of_a_name_comes_first():
    covered = cover(b"To: a@b.c\r\nSUBJECT : two\r\n  words \r\nTo: d@e.f\r\nX-Other: no\r\n")

    assert covered.canonical == b"to:d@e.f\r\nto:a@b.c\r\nsubject:two words\r\n"
    assert covered.names.replace(b"\r\n ", b"").startswith(b"from:to:to:to:reply-to:subject:subject:")


def test_signatures_keep_to_the_length_of_lines():
    message = signed(written(headers=FURTHER), *BOTH)

    head = message.partition(b"\r\nFrom:")[0]
    assert max(map(len, head.split(b"\r\n"))) <= 78


def test_an_empty_body_has_the_hash_of_nothing():
    nothing = b"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="  # RFC 6376 3.4.4

    assert body_hash(b"") == body_hash(b"\r\n") == body_hash(b"\r\n\r\n") == nothing


def test_what_is_no_key_is_refused():
    with pytest.raises(ValueError, match="PEM"):
        Signer(domain="bakery.example", selector="m", private_key_pem=b"no key")
