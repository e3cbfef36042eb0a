"""Who gives way does so against other sessions too, however this kernel shares the CPU."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from mailer.proof import processes

#: Works without end on one CPU, in a session of its own.
BUSY = """
import os, sys
from mailer.runtime.priority import give_way
os.sched_setaffinity(0, {int(sys.argv[1])})
if sys.argv[2] != "0":
    give_way(int(sys.argv[2]))
print("ready", flush=True)
while True:
    pass
"""


@pytest.fixture
def both() -> Iterator[tuple[int, int]]:
    """Two processes that want the same CPU; the second gives way."""
    cpu = min(os.sched_getaffinity(0))
    command = [sys.executable, "-c", BUSY, str(cpu)]
    started = [
        subprocess.Popen([*command, niceness], start_new_session=True, stdout=subprocess.PIPE)
        for niceness in ("0", "10")
    ]
    try:
        for each in started:
            assert each.stdout is not None
            assert each.stdout.readline() == b"ready\n"
        yield started[0].pid, started[1].pid
    finally:
        for each in started:
            each.kill()
            each.communicate()


def test_who_gives_way_gets_less_of_the_cpu_than_another_session(both: tuple[int, int]) -> None:
    before = [processes.cpu_seconds(pid) for pid in both]
    deadline = time.monotonic() + 60
    while processes.cpu_seconds(both[0]) - before[0] < 1.0:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    usual, gave_way = (processes.cpu_seconds(pid) - then for pid, then in zip(both, before, strict=True))

    assert gave_way < usual / 3
