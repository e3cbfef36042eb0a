"""How conversations begin: what the server says, and what we say to it."""

import base64
import hmac

import pytest

from mailer.delivery.engine.opening import Signal, opening
from mailer.delivery.engine.outcomes import Verdict
from mailer.delivery.engine.ports import Refused, Server
from mailer.delivery.engine.replies import ReplyReader

TLS = object()
ANA = {"user": "ana", "password": "bread"}


def play(server, *said):
    """Let the server say its replies in turn; return our commands, and what came of it."""
    dialogue, commands = opening(server), []
    told = next(dialogue)
    try:
        for reply in said:
            if reply is TLS:
                assert told is Signal.BEGIN_TLS
                reply = b"000\r\n"
            (reply,) = ReplyReader().feed(reply)
            told = dialogue.send(reply)
            if isinstance(told, bytes):
                commands.append(told.decode().rstrip())
    except StopIteration as end:
        return commands, end.value
    except Refused as refused:
        return commands, refused.outcome
    return commands, None


def b64(text):
    return base64.b64encode(text.encode()).decode()


def test_a_server_tells_what_it_can():
    _, welcome = play(
        Server("mx", 25, tls="off"),
        b"220 mx\r\n",
        b"250-mx greets you\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250-8bitmime\r\n250 AUTH=LOGIN PLAIN\r\n",
    )

    assert welcome.words.splitlines()[0] == "mx greets you"
    assert (welcome.has_pipelining, welcome.has_8bitmime, welcome.has_smtputf8) == (True, True, False)
    assert (welcome.has_size, welcome.size) == (True, 1_000)
    assert welcome.mechanisms == {"LOGIN", "PLAIN"}


def test_a_server_of_the_eighties_is_greeted_in_its_way():
    commands, welcome = play(
        Server("mx", 25, helo="news.example"), b"220 mx\r\n", b"502 what?\r\n", b"250 hello\r\n"
    )

    assert commands == ["EHLO news.example", "HELO news.example"]
    assert not welcome.has_pipelining


def test_what_was_said_before_encryption_counts_no_longer():
    commands, welcome = play(
        Server("mx", 25),
        b"220 mx\r\n",
        b"250-mx\r\n250-PIPELINING\r\n250 STARTTLS\r\n",
        b"220 go\r\n",
        TLS,
        b"250 mx\r\n",
    )

    assert commands == ["EHLO localhost", "STARTTLS", "EHLO localhost"]
    assert not welcome.has_pipelining


@pytest.mark.parametrize(
    ("tls", "answer", "verdict"),
    [
        ("opportunistic", b"454 4.7.0 not now\r\n", Verdict.DEFERRED),
        ("required", b"454 4.7.0 not now\r\n", Verdict.DEFERRED),
        ("required", b"502 5.5.1 no\r\n", Verdict.HELD),
        ("verify", b"502 5.5.1 no\r\n", Verdict.HELD),
        ("required", b"250 eh?\r\n", Verdict.DEFERRED),
    ],
)
def test_a_server_that_will_not_encrypt(tls, answer, verdict):
    _, outcome = play(Server("mx", 25, tls=tls), b"220 mx\r\n", b"250-mx\r\n250 STARTTLS\r\n", answer)

    assert (outcome.verdict, outcome.is_about_server) == (verdict, True)


def test_a_server_that_cannot_encrypt_after_all_is_used_where_that_is_not_required():
    commands, welcome = play(
        Server("mx", 25), b"220 mx\r\n", b"250-mx\r\n250 STARTTLS\r\n", b"502 5.5.1 no\r\n"
    )

    assert commands == ["EHLO localhost", "STARTTLS"]
    assert welcome.has_starttls


@pytest.mark.parametrize(
    ("offered", "is_encrypted", "first"),
    [
        ("PLAIN LOGIN CRAM-MD5", True, "AUTH PLAIN"),
        ("PLAIN LOGIN CRAM-MD5", False, "AUTH CRAM-MD5"),
        ("LOGIN", False, "AUTH LOGIN"),
        ("XOAUTH2 LOGIN", True, "AUTH LOGIN"),
    ],
)
def test_the_best_way_of_signing_in_is_taken(offered, is_encrypted, first):
    hello = f"250-mx\r\n250-STARTTLS\r\n250 AUTH {offered}\r\n".encode()
    before = (b"220 go\r\n", TLS, hello) if is_encrypted else ()

    commands, _ = play(
        Server("mx", 25, tls="required" if is_encrypted else "off", **ANA), b"220 mx\r\n", hello, *before
    )

    assert commands[-1].startswith(first)


@pytest.mark.parametrize(
    ("offered", "answers", "said"),
    [
        ("PLAIN", [b"235 ok\r\n"], ["AUTH PLAIN " + b64("\0ana\0bread")]),
        ("PLAIN", [b"334 \r\n", b"235 ok\r\n"], ["AUTH PLAIN " + b64("\0ana\0bread"), b64("\0ana\0bread")]),
        (
            "LOGIN",
            [b"334 VXNlcm5hbWU6\r\n", b"334 UGFzc3dvcmQ6\r\n", b"235 ok\r\n"],
            ["AUTH LOGIN", b64("ana"), b64("bread")],
        ),
        (
            "CRAM-MD5",
            [b"334 " + base64.b64encode(b"<1@mx>") + b"\r\n", b"235 ok\r\n"],
            ["AUTH CRAM-MD5", b64("ana " + hmac.new(b"bread", b"<1@mx>", "md5").hexdigest())],
        ),
        # The mechanism is no good; the next may be.
        (
            "CRAM-MD5 PLAIN",
            [b"504 5.5.4 not this one\r\n", b"235 ok\r\n"],
            ["AUTH CRAM-MD5", "AUTH PLAIN " + b64("\0ana\0bread")],
        ),
    ],
)
def test_signing_in(offered, answers, said):
    commands, welcome = play(
        Server("mx", 25, tls="off", **ANA),
        b"220 mx\r\n",
        f"250-mx\r\n250 AUTH {offered}\r\n".encode(),
        *answers,
    )

    assert commands[1:] == said
    assert welcome is not None


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [(b"535 5.7.8 wrong\r\n", Verdict.HELD), (b"454 4.7.0 later\r\n", Verdict.DEFERRED)],
)
def test_a_wrong_password_is_tried_once(answer, verdict):
    commands, outcome = play(
        Server("mx", 25, tls="off", **ANA), b"220 mx\r\n", b"250-mx\r\n250 AUTH PLAIN LOGIN\r\n", answer
    )

    assert len(commands) == 2
    assert (outcome.verdict, outcome.is_about_server) == (verdict, True)


def test_a_server_that_takes_no_sign_in_is_refused_where_one_is_needed():
    _, outcome = play(Server("mx", 25, tls="off", **ANA), b"220 mx\r\n", b"250 mx\r\n")

    assert outcome.verdict is Verdict.HELD


@pytest.mark.parametrize("greeting", [b"250 hello\r\n", b"354 go on\r\n", b"hello\r\n"])
def test_a_greeting_that_is_none_takes_no_message(greeting):
    _, outcome = play(Server("mx", 25, tls="off"), greeting)

    assert (outcome.verdict, outcome.is_about_server) == (Verdict.DEFERRED, True)
