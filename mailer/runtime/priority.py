"""Giving way to others on the same machine."""

import os
import time
from pathlib import Path
from typing import Final

_OF_SESSION: Final = Path("/proc/self/autogroup")
#: Linux lets who is not root change a session only so often, all sessions together.
_TRIES: Final = 20
_AGAIN_SECONDS: Final = 0.11


def give_way(niceness: int) -> None:
    """Let other processes of this machine go first, by nice(2)'s scale of 1 to 19.

    Where Linux shares the CPU between sessions (sched(7), autogroups; Debian's and Ubuntu's kernels do),
    a process's own niceness only counts against others of its session, of which each part of
    ours has one to itself: so that of the session is changed as well.
    """
    os.nice(niceness)
    for _ in range(_TRIES):
        try:
            _OF_SESSION.write_text(str(niceness))
        except BlockingIOError:
            time.sleep(_AGAIN_SECONDS)
        except OSError:
            # Another system, a kernel without, or a container that may not.
            return
        else:
            return
