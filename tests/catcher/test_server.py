"""Catching mail over real SMTP, in a process of its own."""

import os
import signal
import smtplib
import socket
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from mailer.catcher.server import run_catcher
from mailer.catcher.store import Store
from mailer.runtime.children import start_fork
from mailer.runtime.ports import is_open


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number = probe.getsockname()[1]
    child = start_fork(partial(run_catcher, tmp_path, port=number))
    deadline = time.monotonic() + 20
    while not is_open("127.0.0.1", number) and time.monotonic() < deadline:
        time.sleep(0.05)
    yield number
    os.kill(child.pid, signal.SIGKILL)
    while child.poll() is None:
        time.sleep(0.01)


def test_what_was_answered_with_250_survives_a_kill(tmp_path, port):
    with smtplib.SMTP("127.0.0.1", port) as client:
        for n in range(20):
            client.sendmail("ana@example.com", ["ben@example.com"], f"Subject: {n}\r\n\r\n.dots\r\n")

    mails = Store(tmp_path).newest()
    assert [mail.subject for mail in mails] == [str(n) for n in reversed(range(20))]
    assert Store(tmp_path).get(mails[0].id)[1] == b"Subject: 19\r\n\r\n.dots\r\n"


def test_addresses_in_any_script_are_taken(tmp_path, port):
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.ehlo()
        client.mail("ana@example.com", ["SMTPUTF8", "BODY=8BITMIME"])
        client.rcpt("jürgen@bücher.example")
        client.data("Subject: Grüße\r\n\r\nHallo\r\n".encode())

    assert Store(tmp_path).newest()[0].envelope_to == ("jürgen@bücher.example",)
