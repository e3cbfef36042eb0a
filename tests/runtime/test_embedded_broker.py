"""The broker that comes with Mailer, run for real."""

import os
import signal
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import dramatiq
import pytest

from mailer.broker import attend, broker_for, enqueue, enqueue_tick, is_answering, ring
from mailer.jobs import SENDING
from mailer.proof.product import wait_until
from mailer.runtime.children import Child, start_program
from mailer.runtime.embedded_broker import answers, broker_command, stop_left_over
from mailer.runtime.worker import sender


class Server:
    """A broker in a short directory of its own, since a socket lies in it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.path = folder, folder / "broker.sock"
        self.child: Child | None = None

    def start(self) -> None:
        self.child = start_program(broker_command(self.folder, self.path))
        wait_until(lambda: answers(self.path), 20)

    def kill(self) -> None:
        assert self.child is not None
        os.kill(self.child.pid, signal.SIGKILL)
        wait_until(lambda: self.child is not None and self.child.poll() is not None, 20)


@pytest.fixture
def server() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="mailer-broker-") as folder:
        server = Server(Path(folder))
        server.start()
        yield server
        stop_left_over(server.path)


@pytest.fixture
def queue(server: Server) -> dramatiq.Broker:
    made = broker_for(f"unix://{server.path}")
    dramatiq.set_broker(made)
    return made


def waiting(queue: dramatiq.Broker) -> int:
    return int(queue.do_qsize("campaigns"))  # type: ignore[attr-defined]


def test_queues_outlive_a_kill(server, queue):
    enqueue("prepare_campaign", "campaigns", "1")
    # The server writes once a second; what comes later is what the sweep is for.
    wait_until(lambda: (server.folder / "appendonlydir").exists(), 10)
    signal.sigtimedwait([], 1.5)

    server.kill()
    server.start()

    assert waiting(queue) == 1


def test_ticks_do_not_pile_up_while_nobody_takes_them(queue):
    for _ in range(5):
        enqueue_tick("sweep_deliveries", "campaigns")

    assert waiting(queue) == 1


def test_a_taken_tick_makes_room_for_the_next(queue):
    taken: list[str] = []
    dramatiq.actor(
        lambda: taken.append("tick"), actor_name="sweep_deliveries", queue_name="campaigns", broker=queue
    )
    worker = dramatiq.Worker(queue, worker_threads=1, worker_timeout=50)
    worker.start()

    enqueue_tick("sweep_deliveries", "campaigns")
    wait_until(lambda: len(taken) == 1, 20)
    enqueue_tick("sweep_deliveries", "campaigns")
    wait_until(lambda: len(taken) == 2, 20)

    worker.stop()


def test_a_bell_is_silent_while_somebody_attends_and_rings_once_they_left(queue):
    with attend("silenced") as attendance:
        attendance.keep_silent()
        ring("silenced", "campaigns")
        assert waiting(queue) == 0

    ring("silenced", "campaigns")

    wait_until(lambda: waiting(queue) == 1, 20)


def test_one_at_a_time_attends(queue):
    with attend("attended") as first, attend("attended") as second, attend("another") as other:
        assert (first.is_attended, second.is_attended, other.is_attended) == (True, False, True)

    with attend("attended") as next_one:
        assert next_one.is_attended


def test_nobody_attends_to_a_broker_that_is_gone(server, queue):
    with attend("deserted") as attendance:
        server.kill()
        attendance.keep_silent()

        assert not attendance.is_attended
    server.start()
    with attend("deserted") as next_one:
        assert next_one.is_attended


def test_a_broker_says_whether_it_answers(server, queue):
    assert is_answering(queue)

    server.kill()

    assert not is_answering(queue)


def test_a_server_that_was_left_over_is_stopped(server):
    stop_left_over(server.path)

    assert not answers(server.path)
    assert not server.path.exists()


def test_who_sends_leaves_the_next_nudge_to_a_process_that_has_nothing_to_do(queue):
    begun, may_end = threading.Semaphore(0), threading.Event()

    def shift() -> None:
        begun.release()
        may_end.wait(20)

    dramatiq.actor(shift, actor_name="deliver_due", queue_name=SENDING, broker=queue)
    workers = [sender(queue), sender(queue)]
    try:
        workers[0].start()
        for _ in range(3):
            enqueue("deliver_due", SENDING)
        assert begun.acquire(timeout=20)
        workers[1].start()
        assert begun.acquire(timeout=20)

        # Both are at work, and the third waits in the queue for whoever is done first.
        assert queue.client.llen("dramatiq:sending") == 1  # type: ignore[attr-defined]
        assert not begun.acquire(timeout=0.3)
        may_end.set()
        assert begun.acquire(timeout=20)
    finally:
        may_end.set()
        for worker in workers:
            worker.stop()
