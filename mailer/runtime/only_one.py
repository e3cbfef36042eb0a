"""One Mailer to a data directory, also when the one before was killed."""

import fcntl
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from mailer.runtime.supervisor import CannotStart

log = logging.getLogger(__name__)

_LOOK_SECONDS: Final = 0.1


@contextmanager
def only_one(data_dir: Path, *, patience: float) -> Iterator[None]:
    """Hold a data directory for the length of the block.

    Two locks are held, since the parts of a supervisor that was killed live on until
    they have noticed it and put down what they have in hand. A record lock (``lockf``) is
    the supervisor's alone; a forked part shares the other (``flock``), which so lasts until
    the last of them has ended. An init system may thus start a killed Mailer again at once.

    :param patience: how many seconds such parts are waited for
    :raises CannotStart: another supervisor runs here, or parts of one do not end
    """
    with (data_dir / "mailer.lock").open("w") as own, (data_dir / "parts.lock").open("w") as shared:
        try:
            fcntl.lockf(own, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CannotStart(f"Mailer is already running on {data_dir}; stop that one first.") from None
        if not _is_taken(shared):
            log.warning("Mailer was killed here. It starts when what is left of it has ended.")
            until = time.monotonic() + patience
            while not _is_taken(shared):
                if time.monotonic() >= until:
                    raise CannotStart(
                        f"Processes of a Mailer that was killed do not end on {data_dir}; end them first."
                    )
                time.sleep(_LOOK_SECONDS)
        yield


def _is_taken(file: IO[str]) -> bool:
    """Try to take the lock of a file; return whether it is ours now."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
