"""Replies are the same however their bytes were cut on the way."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailer.delivery.engine.outcomes import Stage, accepted, read_reply
from mailer.delivery.engine.replies import (
    LONGEST_LINE,
    MOST_LINES,
    NONSENSE,
    Reply,
    ReplyReader,
    answered_as_hoped,
)

WORDS = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=30)
LINES = st.builds(
    lambda code, mark, words, end: f"{code}{mark}{words}{end}".encode(),
    st.sampled_from([220, 250, 251, 354, 421, 450, 550, 554]),
    st.sampled_from([" ", "-", "", "\t"]),
    WORDS,
    st.sampled_from(["\r\n", "\n"]),
)
STREAMS = st.lists(st.one_of(LINES, LINES, LINES, st.binary(max_size=20)), max_size=12).map(b"".join)


def read(*pieces):
    """The replies up to the first that is none: after it the conversation ends."""
    reader, replies = ReplyReader(), []
    for piece in pieces:
        for reply in reader.feed(piece):
            if reply.code == NONSENSE:
                return [*replies, NONSENSE]
            replies.append(reply)
    return replies


@settings(max_examples=500)
@given(STREAMS, st.data())
def test_bytes_mean_the_same_one_by_one_as_all_at_once(stream, data):
    cut = data.draw(st.integers(0, len(stream)))

    assert read(stream) == read(*(stream[i : i + 1] for i in range(len(stream))))
    assert read(stream) == read(stream[:cut], stream[cut:])


@settings(max_examples=500)
@given(st.lists(LINES, min_size=4, max_size=4).map(b"".join))
def test_the_short_way_agrees_with_the_long_one(stream):
    for data in (stream, b"250 a\r\n250 b\r\n250 c\r\n354 d\r\n" + stream, _as_hoped(stream)):
        line = answered_as_hoped(data)

        if line is not None:
            first, *others = read(data)
            assert [reply.code for reply in (first, *others)] == [250, 250, 250, 354]
            assert accepted(line) == read_reply(first.code, line[4:].decode(), stage=Stage.FINAL_DOT)


def _as_hoped(stream):
    codes = (b"250", b"250", b"250", b"354")
    return b"".join(code + line[3:] for code, line in zip(codes, stream.splitlines(True), strict=False))


@pytest.mark.parametrize(
    "data",
    [
        b"250 ok\r\n250 ok\r\n250 ok\r\n250 ok\r\n",
        b"250 ok\r\n250 ok\r\n550 no\r\n354 go\r\n",
        b"250-ok\r\n250 ok\r\n250 ok\r\n354 go\r\n",
        b"250 ok\r\n250 ok\r\n250 ok\r\n354 go",
        b"250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n421 bye\r\n",
        b"250 ok\r\n250 ok\r\n354 go\r\n",
    ],
)
def test_whatever_is_not_as_hoped_is_read_properly(data):
    assert answered_as_hoped(data) is None


def test_a_reply_of_many_lines_is_one():
    (reply,) = read(b"250-mx.example\r\n250-SIZE 100\r\n250 PIPELINING\r\n")

    assert reply == Reply(250, (b"mx.example", b"SIZE 100", b"PIPELINING"))
    assert reply.text == "mx.example SIZE 100 PIPELINING"


@pytest.mark.parametrize("line", [b"hello", b"", b"25 ok", b"2 50", b"-250 ok", b"\xff\xff\xff ok"])
def test_what_does_not_begin_with_a_code_is_no_reply(line):
    assert read(line + b"\r\n") == [NONSENSE]


def test_a_line_without_end_is_not_kept_for_ever():
    assert read(*[b"2" * 100] * (LONGEST_LINE // 100 + 1)) == [NONSENSE]


def test_a_reply_without_end_is_not_kept_for_ever():
    assert read(*[b"250-more\r\n"] * (MOST_LINES + 1)) == [NONSENSE]
