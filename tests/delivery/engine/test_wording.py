"""What many servers' words have in common, and finding them by it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.delivery.engine.wording import gist, like


@pytest.mark.parametrize(
    ("reply", "common"),
    [
        ("450 4.2.1 mailbox busy", "450 4.2.1 mailbox busy"),
        ("550 5.1.1 <ana@example.com>: no such user", "550 5.1.1 …: no such user"),
        ("550 5.1.1 ana@example.com unknown", "550 5.1.1 … unknown"),
        ("421 4.7.28 try later d9443c01a7336-1fa4d81c7 - gsmtp", "421 4.7.28 try later … - gsmtp"),
        ("554 5.7.1 see https://x.example/?ip=192.0.2.7", "554 5.7.1 see …"),
        ("554 5.7.1 [192.0.2.177] is listed", "554 5.7.1 […] is listed"),
        ("", ""),
    ],
)
def test_the_gist_leaves_out_what_is_said_to_one_message(reply, common):
    assert gist(reply) == common


@given(st.text(max_size=200))
def test_a_reply_is_found_by_its_gist(reply):
    assert matches(like(gist(reply)), reply)


def test_what_like_takes_for_a_wildcard_is_taken_literally():
    assert not matches(like("100% full_"), "100x fullx")


def matches(pattern, text):
    """LIKE, as both databases read it."""
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    regex = "".join(
        re.escape(part[-1]) if len(part) == 2 else {"%": ".*", "_": "."}.get(part, re.escape(part))
        for part in parts
    )
    return re.fullmatch(regex, text, re.DOTALL) is not None
