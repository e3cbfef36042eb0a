"""Hearing TERM and INT without ever missing one or blocking on one."""

import os
import signal
from queue import Empty, SimpleQueue


class Bell:
    """Rings for each signal; whoever waits hears which.

    A ``SimpleQueue`` is the one queue whose ``put`` may interrupt its own ``get``,
    which is what a handler does. A ``threading.Event`` can lock itself up there.
    """

    def __init__(self, *signals: signal.Signals) -> None:
        self._rung: SimpleQueue[signal.Signals] = SimpleQueue()
        for number in signals or (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda number, frame: self._rung.put(signal.Signals(number)))

    def wait(self, seconds: float) -> signal.Signals | None:
        """Return the next signal, or None when none came in time."""
        try:
            return self._rung.get(timeout=max(seconds, 0))
        except Empty:
            return None


def stop_at_once_on_signal() -> None:
    """From now on end without further words: for the second TERM or INT.

    Safe at any point: what was claimed is found again in the ledger and the journal.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: os._exit(128 + number))
