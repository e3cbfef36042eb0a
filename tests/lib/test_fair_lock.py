"""Whoever asks first is served first."""

import threading

from mailer.lib.fair_lock import FairLock


class Queue:
    """Threads that ask for a lock one after the other, and note when they get it."""

    def __init__(self, lock):
        self.lock, self.served, self.threads = lock, [], []

    def join(self, name):
        def ask():
            assert self.lock.acquire(timeout=60)
            self.served.append(name)
            self.lock.release()

        self.threads.append(threading.Thread(target=ask))
        self.threads[-1].start()
        while len(self.lock._waiting) < len(self.threads):
            threading.Event().wait(0.001)

    def end(self):
        for thread in self.threads:
            thread.join(60)


def test_the_lock_goes_to_whoever_waits_longest():
    lock = FairLock()
    assert lock.acquire(timeout=0)
    queue = Queue(lock)
    for name in "abcdefgh":
        queue.join(name)

    lock.release()
    queue.end()

    assert queue.served == list("abcdefgh")


def test_who_waits_in_vain_leaves_the_queue():
    lock = FairLock()
    assert lock.acquire(timeout=0)

    assert not lock.acquire(timeout=0.01)
    lock.release()

    assert lock.acquire(timeout=0)


def test_a_handed_over_lock_is_not_free_for_others():
    lock = FairLock()
    assert lock.acquire(timeout=0)
    queue = Queue(lock)
    queue.join("a")

    lock.release()
    queue.end()

    assert lock.acquire(timeout=0)
    assert not lock.acquire(timeout=0)
