"""One Mailer to a data directory: what is told to a second one, and what is left of a killed one."""

import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress

import pytest

from mailer.runtime.only_one import only_one
from mailer.runtime.supervisor import CannotStart

#: Holds the directory, with a fork that outlives it, and says which.
HOLDER = """
import os, sys, time
from pathlib import Path
from mailer.runtime.only_one import only_one
with only_one(Path(sys.argv[1]), patience=0):
    part = os.fork()
    if part:
        print(part, flush=True)
    time.sleep(120)
"""


@contextmanager
def a_mailer(where):
    """Run one with one part; yield it, and the id of its part."""
    with subprocess.Popen([sys.executable, "-c", HOLDER, where], stdout=subprocess.PIPE, text=True) as held:
        part = int(held.stdout.readline())
        held.stdout.close()
        try:
            yield held, part
        finally:
            held.kill()
            end(part)


def kill(supervisor):
    supervisor.kill()
    supervisor.wait()


def end(pid):
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def test_a_second_is_told_of_the_first(tmp_path):
    with (
        a_mailer(tmp_path),
        pytest.raises(CannotStart, match="already running"),
        only_one(tmp_path, patience=60),
    ):
        pass


def test_what_is_left_of_a_killed_one_is_waited_for(tmp_path):
    with a_mailer(tmp_path) as (supervisor, part):
        kill(supervisor)
        ending = threading.Timer(0.5, end, [part])
        ending.start()
        with only_one(tmp_path, patience=60):
            assert ending.finished.is_set()


def test_what_does_not_end_is_named(tmp_path):
    with a_mailer(tmp_path) as (supervisor, _):
        kill(supervisor)
        with pytest.raises(CannotStart, match="do not end"), only_one(tmp_path, patience=0.2):
            pass


def test_it_can_be_held_again_and_again(tmp_path):
    for _ in range(2):
        with only_one(tmp_path, patience=0):
            pass
