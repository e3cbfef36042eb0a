"""Starting, restarting and stopping in order, with real processes."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mailer.runtime.children import Child, start_program
from mailer.runtime.supervisor import CannotStart, Part, Supervisor

#: Writes its name when it starts and when it is told to stop.
PART = """
import pathlib, signal, sys, time
diary, name, linger = pathlib.Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
def note(what):
    with diary.open("a") as file:
        file.write(f"{name} {what}\\n")
def stop(number, frame):
    time.sleep(linger)
    note("stopped")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
note("started")
time.sleep(60)
"""


@pytest.fixture(autouse=True)
def _signals_as_before() -> Iterator[None]:
    heard = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)
    before = [signal.getsignal(number) for number in heard]
    yield
    for number, handler in zip(heard, before, strict=True):
        signal.signal(number, handler)


@pytest.fixture
def diary(tmp_path: Path) -> Path:
    path = tmp_path / "diary"
    path.touch()
    return path


def part(name: str, diary: Path, *, linger: float = 0.0, stop_seconds: float = 10.0) -> Part:
    command = [sys.executable, "-c", PART, str(diary), name, str(linger)]
    made = Part(name, lambda: start_program(command), stop_seconds=stop_seconds)
    begun = diary.read_text().count(f"{name} started")
    made.is_ready = lambda: diary.read_text().count(f"{name} started") > begun
    return made


def meanwhile(act: Callable[[], None]) -> None:
    threading.Thread(target=act, daemon=True).start()


def tell_supervisor(number: signal.Signals = signal.SIGTERM) -> None:
    os.kill(os.getpid(), number)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert condition()


def test_parts_stop_in_the_reverse_order_of_their_start(diary):
    supervisor = Supervisor([[part("broker", diary)], [part("worker", diary)], [part("web", diary)]])

    supervisor.run(when_up=tell_supervisor)

    assert diary.read_text().split("\n")[:-1] == [
        *("broker started", "worker started", "web started"),
        *("web stopped", "worker stopped", "broker stopped"),
    ]


def test_what_dies_is_started_again(diary):
    worker = part("worker", diary)

    def kill_then_stop() -> None:
        assert worker.child is not None
        os.kill(worker.child.pid, signal.SIGKILL)
        wait_until(lambda: diary.read_text().count("worker started") == 2)
        tell_supervisor()

    Supervisor([[worker]]).run(when_up=lambda: meanwhile(kill_then_stop))

    assert diary.read_text() == "worker started\nworker started\nworker stopped\n"


def test_what_dies_again_and_again_waits_longer_each_time():
    dying = Part("worker", lambda: start_program(["false"]))
    waits = []
    for _ in range(7):
        dying.start()
        wait_until(lambda: not dying.is_running)
        dying.plan_restart()
        assert dying.restart_at is not None
        waits.append(round(dying.restart_at - time.monotonic()))

    assert waits == [0, 1, 2, 4, 8, 16, 30]


def test_work_in_hand_is_finished(diary):
    supervisor = Supervisor([[part("worker", diary, linger=0.5)]])

    supervisor.run(when_up=tell_supervisor)

    assert diary.read_text() == "worker started\nworker stopped\n"


def test_a_second_signal_stops_at_once(diary):
    def twice() -> None:
        tell_supervisor()
        time.sleep(0.3)
        tell_supervisor(signal.SIGINT)

    begun = time.monotonic()

    Supervisor([[part("worker", diary, linger=30.0)]]).run(when_up=lambda: meanwhile(twice))

    assert time.monotonic() - begun < 10
    assert "stopped" not in diary.read_text()


def test_who_does_not_stop_in_time_is_killed(diary):
    supervisor = Supervisor([[part("worker", diary, linger=30.0, stop_seconds=0.2)]])

    supervisor.run(when_up=tell_supervisor)

    assert diary.read_text() == "worker started\n"


def test_a_part_that_cannot_start_ends_the_start_and_stops_the_others(diary):
    broken = Part("web", lambda: start_program(["false"]), is_ready=lambda: False)

    with pytest.raises(CannotStart, match="web ended with status 1"):
        Supervisor([[part("broker", diary)], [broken]]).run()

    assert diary.read_text() == "broker started\nbroker stopped\n"


def test_what_dies_once_as_it_starts_is_started_again_and_so_is_what_stood_already(diary, tmp_path):
    broker, worker = part("broker", diary), part("worker", diary)
    start_worker, deaths = worker.start_child, iter([True])

    def die_with_the_broker_first() -> Child:
        if next(deaths, False):
            assert broker.child is not None
            os.kill(broker.child.pid, signal.SIGKILL)
            return start_program(["false"])
        return start_worker()

    worker.start_child = die_with_the_broker_first

    def stop_when_both_stand() -> None:
        wait_until(lambda: diary.read_text().count("broker started") == 2)
        tell_supervisor()

    Supervisor([[broker], [worker]]).run(when_up=lambda: meanwhile(stop_when_both_stand))

    told = diary.read_text().splitlines()
    assert sorted(told[:3]) == ["broker started", "broker started", "worker started"]
    assert told[3:] == ["worker stopped", "broker stopped"]


def test_a_child_is_in_a_session_of_its_own():
    child: Child = start_program(["sleep", "30"])

    assert os.getsid(child.pid) == child.pid

    os.kill(child.pid, signal.SIGKILL)
    wait_until(lambda: child.poll() == -signal.SIGKILL)
