"""Spliced messages say what rendered ones say, for any template and any reader, and need no second look."""

import email
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailer.delivery.blanks import Blanks
from mailer.delivery.engine.mime import FormLetter
from mailer.delivery.engine.quoted_printable import Splicer
from mailer.rendering.design import Frozen
from mailer.rendering.flatten import Address
from mailer.rendering.language import LINK_URL, PIXEL_URL
from mailer.rendering.merge import Renderer, Tracking

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
TOKEN, LEAVE = "s3cret_token-" * 4, "l" * 90
BASE = "https://mail.example"
ADDRESSES = (
    (LINK_URL, Address(f"{BASE}/c/", "mail_token", ".")),
    (PIXEL_URL, Address(f"{BASE}/o/", "mail_token", ".gif")),
    ("unsubscribe_url", Address(f"{BASE}/u/", "leave_token")),
)

#: What an author writes between tags; braces would be tags of their own.
words = st.text(st.characters(exclude_characters="{}\x00", exclude_categories=["Cs"]), max_size=120)
texts = st.one_of(
    words,
    st.sampled_from(
        [
            "\n",
            " ",
            "  ",
            ".",
            "\n.",
            "From ",
            "\nFrom me",
            "=",
            "=3D",
            "\t\n",
            "é" * 50,
            "x" * 200,
            "\r\n",
            " \n",
            "%b",
        ]
    ),
)
tags = st.sampled_from(
    [
        "{{ subscriber.name }}",
        "{{ subscriber.name | default('friend') }}",
        "{{ subscriber.name | upper }}",
        "{{ subscriber.name | truncate(5) }}",
        "{{ subscriber.fields.city | default('<town>') }}",
        "{{ subscriber.fields.missing }}",
        "{{ workspace.name }}",
        "{{ unsubscribe_url }}",
        "{{ link_url(0) }}",
        "{{ link_url(11) }}",
        "{{ pixel_url }}",
        "{{ 'always' }}",
        "{% if workspace.name %}ours{% endif %}",
    ]
)
choices = st.sampled_from(
    [
        "{% if subscriber.fields.city %}in {{ subscriber.fields.city }}{% else %}at home{% endif %}",
        "{% if subscriber.name == 'Ana' %}.{% elif subscriber.locale %}From {% endif %}",
    ]
)
#: A header refuses control characters, which has tests of its own.
lines = st.lists(
    st.one_of(
        st.text(st.characters(exclude_characters="{}", exclude_categories=["Cc", "Cs"]), max_size=80), tags
    ),
    max_size=6,
).map("".join)
forms = st.lists(st.one_of(texts, tags), max_size=12).map("".join)
sources = st.lists(st.one_of(texts, tags, choices), max_size=12).map("".join)
names = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=120)
values = st.fixed_dictionaries(
    {"name": names, "locale": st.sampled_from(["", "de"])},
    optional={"fields": st.dictionaries(st.sampled_from(["city"]), st.one_of(names, st.integers()))},
)


@given(subject=lines, html=forms, text=forms, reader=values)
@settings(max_examples=150)
def test_a_form_says_the_same(subject, html, text, reader):
    renderer = sending(subject, html, text)
    assert renderer.form is not None
    line, lines = Blanks(renderer.form).fill(everything(reader))
    letter = form_letter(renderer)

    head, body = letter.head(subject=line, **same()), letter.fill(lines)

    compare(head, body, line, rendered(subject, html, text, reader))


@given(subject=lines, html=sources, text=sources, reader=values)
@settings(max_examples=150)
def test_pieces_say_the_same(subject, html, text, reader):
    renderer = sending(subject, html, text)
    line, html_pieces, text_pieces = renderer.pieces(everything(reader))
    letter = form_letter(renderer)

    head, body = letter.head(subject=line, **same()), letter.write(text_pieces, html_pieces)

    compare(head, body, line, rendered(subject, html, text, reader))


@pytest.mark.parametrize(
    "name",
    [
        "",
        "<script>alert(1)</script>",
        "محمد بن عبد الله",
        "👩‍👩‍👧‍👦 Ana",
        "x" * 5_000,
        ".",
        "From x",
        " a  b ",
        "=?utf-8?q?x?=",
    ],
)
def test_hard_names(name):
    html = "<p>{{ subscriber.name }}</p>\n{{ subscriber.name }} and {{ subscriber.name | default('you') }}"
    renderer = sending("{{ subscriber.name }}", html, "Dear {{ subscriber.name }},\n")
    line, lines = Blanks(renderer.form).fill(everything({"name": name}))

    letter = form_letter(renderer)
    head, body = letter.head(subject=line, **same()), letter.fill(lines)

    compare(
        head,
        body,
        line,
        rendered("{{ subscriber.name }}", html, "Dear {{ subscriber.name }},\n", {"name": name}),
    )


def test_what_stands_often_is_encoded_once():
    html = "<b>{{ subscriber.name }}</b>" * 10
    renderer = sending("", html, "")

    assert renderer.form.fill(everything({"name": "Ana"})) == ["Ana"]


def test_an_undecided_if_makes_pieces_and_a_decided_one_a_form():
    undecided = "{% if subscriber.name %}Dear {{ subscriber.name }}{% endif %}"
    decided = "{% if workspace.name %}{{ workspace.name }}{% endif %}"

    assert sending("", undecided, "").form is None
    assert sending("", decided, "").form.layouts == ((), ("Bakery",), ())


def sending(subject, html, text):
    frozen = Frozen(subject=subject, html=html, text=text, links=["https://a.example/"] * 12)
    return Renderer(frozen, addresses=ADDRESSES, fixed=(("workspace.name", "Bakery"),))


def rendered(subject, html, text, reader):
    """The same message as a preview renders it, whole."""
    frozen = Frozen(subject=subject, html=html, text=text, links=["https://a.example/"] * 12)
    tracking = Tracking(lambda number: f"{BASE}/c/{TOKEN}.{number}", f"{BASE}/o/{TOKEN}.gif")
    return Renderer(frozen).render(everything(reader), tracking)


def everything(reader):
    return {
        "subscriber": {"fields": {}, **reader},
        "workspace": {"name": "Bakery"},
        "mail_token": TOKEN,
        "leave_token": LEAVE,
        "unsubscribe_url": f"{BASE}/u/{LEAVE}",
    }


def form_letter(renderer):
    return FormLetter(
        from_name="Ana",
        from_email="ana@bakery.example",
        boundary="b0undary",
        constants=renderer.constants,
        layouts=renderer.form and Blanks(renderer.form).layouts,
    )


def same():
    return {"to": "ana@example.com", "message_id": "1@bakery.example", "date": NOON}


def compare(head, body, line, expected):
    written = head + b"\r\n" + body
    assert len(re.findall(rb"(?<!\r)\n|\r(?!\n)", written)) == 0
    for each in written.split(b"\r\n"):
        assert len(each) <= 998
    for each in body.split(b"\r\n"):
        assert len(each) <= 76
        # Nothing to stuff, and nothing that DKIM's relaxed form would change.
        assert not each.startswith((b".", b"From "))
        assert not re.search(rb"[ \t]$|  |\t", each)
    parsed = email.message_from_bytes(written)
    plain, html = parsed.get_payload()
    assert decoded(plain) == whole(expected.text)
    assert decoded(html) == whole(expected.html)
    assert line == expected.subject


def decoded(part):
    return part.get_payload(decode=True).decode().replace("\r\n", "\n").rstrip("\n")


def whole(text):
    """Normalise as mail does: one kind of line end, and the last belongs to the boundary (RFC 2046 5.1.1)."""
    return re.sub(r"\r\n?", "\n", text).rstrip("\n")


def test_one_piece_is_what_it_always_was():
    encode = Splicer(()).encode

    assert encode(["abc"]) == [b"abc\r\n"]
    assert encode(["abc\n"]) == [b"abc\r\n"]
    assert encode([""]) == [b"\r\n"]
