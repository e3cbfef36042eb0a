"""Messages that every parser reads alike, and no value can break."""

import email
import email.policy
import re
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailer.delivery.engine.quoted_printable import segment
from mailer.errors import Invalid
from tests.support.letters import Letter, write

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
#: All of Unicode but what a header must refuse.
WORDS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=0, max_size=300).map(
    lambda text: " ".join(text.split())
)
ANYTHING = st.text(max_size=2_000)


def letter(**values):
    written = {
        "from_name": "Ana",
        "from_email": "ana@bakery.example",
        "to": "ben@example.com",
        "subject": "Bread",
        "text": "Fresh.\n",
        "html": "<p>Fresh.</p>\n",
        "message_id": "dlv_1@bakery.example",
        "date": NOON,
        **values,
    }
    return Letter(**written)


def parsed(data):
    return email.message_from_bytes(data, policy=email.policy.default)


def head_of(data):
    return data.partition(b"\r\n\r\n")[0].decode()


@settings(max_examples=300)
@given(subject=WORDS, name=WORDS)
def test_any_subject_and_name_are_read_back_as_they_were(subject, name):
    data = write(letter(subject=subject, from_name=name))

    # The new API's parser puts a space between two encoded words of a name; RFC 2047 6.2 does not.
    message = email.message_from_bytes(data)
    assert parsed(data)["subject"] == subject
    display, address = parseaddr(message["from"])
    assert address == "ana@bakery.example"
    assert str(make_header(decode_header(display))) == name
    assert all(len(line) <= 998 for line in head_of(data).split("\r\n"))
    assert all(len(word) <= 75 for word in re.findall(r"=\?\S+\?=", head_of(data)))


@settings(max_examples=300)
@given(text=ANYTHING, html=ANYTHING)
def test_any_body_crosses_the_wire_whole(text, html):
    data = write(letter(text=text, html="<p>" + html))

    lines = data.split(b"\r\n")
    assert all(len(line) <= 78 for line in lines)
    assert not any(line.startswith((b".", b"From ")) for line in lines)
    assert b"\r" not in data.replace(b"\r\n", b"")
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert data.isascii()
    plain, page = parsed(data).iter_parts()
    for part, wanted in ((plain, text), (page, "<p>" + html)):
        got = part.get_payload(decode=True).decode().replace("\r\n", "\n")
        # The last line break belongs to the boundary (RFC 2046 5.1.1).
        assert got == re.sub("\r\n?", "\n", wanted).removesuffix("\n")


@given(st.text(st.characters(categories=["Cs", "Ll", "So"]), max_size=50))
def test_half_characters_become_the_replacement_character(text):
    segment(text).decode("ascii")
    write(letter(subject=text))


@pytest.mark.parametrize("length", [10, 60, 70, 77, 78, 79, 200, 900])
def test_an_address_in_angle_brackets_is_never_folded_or_encoded(length):
    url = "<https://mail.example/u/" + "a" * length + ">"

    head = head_of(write(letter(headers=[("List-Unsubscribe", url)])))

    assert f"List-Unsubscribe: {url}\r\n" in head


def test_a_word_longer_than_a_line_of_a_mail_is_refused():
    with pytest.raises(Invalid, match="longer than a line"):
        write(letter(headers=[("List-Unsubscribe", "<https://mail.example/" + "a" * 1_000 + ">")]))


@pytest.mark.parametrize(
    "values",
    [
        {"subject": "Bread\r\nBcc: everybody@example.com"},
        {"subject": "Bread\nBcc: x@example.com"},
        {"subject": "Bread\x00"},
        {"from_name": "Ana\r\nBcc: x@example.com"},
        {"from_name": "Ana\x85"},
        {"from_email": "ana@bakery.example\r\nBcc: x@example.com"},
        {"to": "ben@example.com, cleo@example.com"},
        {"to": "ben@example.com>\r\nRCPT TO:<cleo@example.com"},
        {"reply_to": "ana@bakery.example\nX: y"},
        {"message_id": "1@x\r\nBcc: x@example.com"},
        {"headers": [("X-One", "a\r\nBcc: x@example.com")]},
        {"headers": [("X One", "a")]},
        {"headers": [("Subject", "another")]},
        {"headers": [("List-ID", "<a.b>"), ("list-id", "<c.d>")]},
    ],
)
def test_nothing_adds_a_header_or_a_recipient(values):
    with pytest.raises(Invalid):
        write(letter(**values))


def test_each_header_stands_once():
    message = parsed(write(letter(reply_to="shop@bakery.example", headers=[("List-ID", "<a.example>")])))

    names = [name.lower() for name in message]
    assert len(names) == len(set(names))
    assert {"from", "to", "reply-to", "subject", "date", "message-id", "mime-version"} <= set(names)


def test_text_comes_first_and_html_last():
    parts = [part.get_content_type() for part in parsed(write(letter())).iter_parts()]

    assert parts == ["text/plain", "text/html"]


def test_a_message_without_html_has_no_parts():
    assert parsed(write(letter(html=""))).get_content_type() == "text/plain"
