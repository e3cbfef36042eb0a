"""Not outliving the supervisor, should it be killed before it can stop its children."""

import os
import signal
import threading
import time
from typing import Final

_LOOK_SECONDS: Final = 1.0


def end_with_parent(parent: int, *, stop_seconds: float) -> None:
    """Ask this process to stop, in order, once the one that started it is gone.

    An orphan would keep the port, so that the next start fails. Looking once a second
    works on every system; Linux's ``PR_SET_PDEATHSIG`` would fire on the death of a thread.

    :param parent: its id, taken before it started this process: it may be gone by now
    :param stop_seconds: after so long it is killed, as the supervisor would have done: a worker
        that waits for a broker that died as well would wait for ever
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(stop_seconds)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()
