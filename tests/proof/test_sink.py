"""The bad server: what it does is decided by the seed, and written down before it is said."""

import asyncio
import socket
import threading
import time
from collections import Counter
from itertools import islice

import pytest

from mailer.proof.fates import Act, Fate, fate_of
from mailer.proof.product import free_port
from mailer.proof.sink import Happened, Record, serve
from mailer.runtime.ports import is_open

SEED = 1
BODY = (
    "From: a@example.com\r\nMessage-ID: <1@x>\r\nSubject: [to {to} of bread]\r\n\r\n"
    "[to {to} of bread]=\r\n\r\n--end--\r\n"
)


@pytest.fixture
def record(tmp_path):
    """A running server's record; its port is in ``record.port``."""
    port, loop = free_port(), asyncio.new_event_loop()
    path = tmp_path / "record"

    def run():
        with pytest.raises(asyncio.CancelledError):
            loop.run_until_complete(serve(port, path, SEED))

    thread = threading.Thread(target=run)
    thread.start()
    while not is_open("127.0.0.1", port):
        time.sleep(0.01)
    record = Record(path)
    record.port = port
    yield record
    loop.call_soon_threadsafe(lambda: [task.cancel() for task in asyncio.all_tasks(loop)])
    thread.join(5)
    loop.close()


def someone(fate: Fate | None, number: int = 0) -> str:
    """An address whose first try has this fate."""
    names = (f"reader{n}@example.com" for n in range(100_000))
    return next(islice((name for name in names if fate_of(SEED, name, 1) == fate), number, None))


def talk(port: int, *addresses: str, body: str = BODY) -> str:
    """Send to each address over one connection, commands in groups, and return all that is said."""
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.settimeout(5)
        said = client.recv(100).decode()
        client.sendall(b"EHLO me\r\n")
        said += client.recv(1000).decode()
        for address in addresses:
            client.sendall(f"MAIL FROM:<a@example.com>\r\nRCPT TO:<{address}>\r\nDATA\r\n".encode())
            answers = b""
            while answers.count(b"\r\n") < 3 and (part := client.recv(1000)):
                answers += part
            said += answers.decode()
            if b"354" in answers:
                client.sendall(body.format(to=address).encode() + b".\r\n")
                said += client.recv(1000).decode()
        client.sendall(b"QUIT\r\n")
        said += client.recv(1000).decode()
    return said


def test_what_is_taken_is_written_down(record):
    lucky = [someone(None, number) for number in range(3)]

    said = talk(record.port, *lucky)
    record.refresh()

    assert said.count("250 2.0.0 Taken") == 3
    assert [each.address for each in record.entries if each.what is Happened.TAKEN] == lucky
    assert record.taken["bread"] == 3


def test_a_refusal_leaves_nobody_to_send_it_to(record):
    refused = someone(Fate("rcpt", Act.REFUSE, "550 5.1.1 No such user"))

    said = talk(record.port, refused)
    record.refresh()

    assert "550 5.1.1" in said
    assert "503 5.5.1" in said
    assert [each.detail for each in record.entries if each.what is Happened.REFUSED] == [
        "550 5.1.1 No such user"
    ]


@pytest.mark.parametrize(
    ("act", "what"), [(Act.CUT, Happened.DROPPED_SILENTLY), (Act.TAKE_AND_CUT, Happened.TAKEN_SILENTLY)]
)
def test_a_silence_after_the_dot_is_told_by_the_record_alone(record, act, what):
    said = talk(record.port, someone(Fate("dot", act)))
    record.refresh()

    assert said.rstrip().endswith("354 Go on")
    assert [each.what for each in record.entries if each.address] == [what]


def test_a_body_for_someone_else_is_noted(record):
    talk(record.port, someone(None), body=BODY.replace("[to {to} of bread]=", "[to {to}.au of bread]="))
    talk(record.port, someone(None, 1), body=BODY.replace("--end--", "--end"))
    record.refresh()

    assert [each.what for each in record.entries].count(Happened.CROSSED) == 2


def test_the_same_seed_is_the_same_storm_and_every_fault_is_in_it():
    people = [f"reader{number}@example.com" for number in range(20_000)]

    fates = [fate_of(SEED, each, 1) for each in people]

    assert fates == [fate_of(SEED, each, 1) for each in people]
    assert fates != [fate_of(SEED + 1, each, 1) for each in people]
    counts = Counter(fate and (fate.stage, fate.act, bool(fate.seconds)) for fate in fates)
    assert counts[None] > 18_000
    assert {stage for stage, _, _ in filter(None, counts)} == {"mail", "rcpt", "data", "body", "dot"}
    assert {act for _, act, _ in filter(None, counts)} == set(Act)


def test_who_is_refused_for_ever_is_refused_every_time_and_the_others_get_through():
    dead = someone(Fate("rcpt", Act.REFUSE, "550 5.1.1 No such user"))

    assert {fate_of(SEED, dead, attempt) for attempt in range(1, 10)} == {fate_of(SEED, dead, 1)}
    assert fate_of(SEED, someone(Fate("rcpt", Act.REFUSE, "450 4.2.1 Mailbox busy")), 7) is None
