"""A lock that threads get in the order in which they asked for it."""

from collections import deque
from threading import Lock


class FairLock:
    """Nobody is overtaken, however often others come: the holder hands it to whoever waits longest.

    ``threading.Lock`` goes to whoever comes by when it is free. Of eight threads that wrote to SQLite
    for 5 ms each, one in a hundred waited for 54 to 80.
    """

    def __init__(self) -> None:
        self._guard = Lock()
        self._is_held = False
        #: A locked lock for each who waits; to unlock it is to hand ours over.
        self._waiting: deque[Lock] = deque()

    def acquire(self, *, timeout: float) -> bool:
        """Wait for the lock; return whether it was got.

        :param timeout: in seconds
        """
        with self._guard:
            if not self._is_held:
                self._is_held = True
                return True
            mine = Lock()
            mine.acquire()
            self._waiting.append(mine)
        if mine.acquire(timeout=timeout):
            return True
        with self._guard:
            # It may have been handed over at the last moment.
            is_in_vain = mine in self._waiting
            if is_in_vain:
                self._waiting.remove(mine)
        return not is_in_vain

    def release(self) -> None:
        """Hand the lock over, or leave it free."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._is_held = False
