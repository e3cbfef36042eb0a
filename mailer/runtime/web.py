"""The web server: one process that serves, one that looks after it.

Granian, because it serves a page's files and a click's redirect without Python and
answers three times as many requests as the next (on two cores: 9.0k a second against
waitress's 3.7k and gunicorn's 2.7k).
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from mailer.patience import answer_in_time
from mailer.runtime.parent import end_with_parent
from mailer.runtime.ports import require_free

_STATIC: Final = Path(__file__).parents[1] / "static"
_YEAR_SECONDS: Final = 365 * 24 * 3600
_THREADS: Final = 8
#: For the requests in hand.
_STOP_SECONDS: Final = 30.0


def serve(build: Callable[[], Any], *, bind: str, port: int, processes: int = 1) -> None:
    """Serve the application until told to stop; requests in hand are answered first.

    :param build: returns the application; called in each process that serves
    :raises mailer.runtime.ports.PortTaken: another program listens on the port
    """
    require_free(bind, port, "MAILER_PORT")
    built = _STATIC / "dist"
    looks_after_it = os.getpid()

    def application() -> Any:
        end_with_parent(looks_after_it, stop_seconds=_STOP_SECONDS)
        answer_in_time()
        return build()

    server = Granian(
        "mailer",
        address=bind,
        port=port,
        interface=Interfaces.WSGI,
        workers=processes,
        blocking_threads=_THREADS,
        backpressure=128,
        # Their names carry a hash of what is in them, so they never change.
        static_path_route=["/static/dist"],
        static_path_mount=[built] if built.exists() else None,
        static_path_expires=_YEAR_SECONDS,
        log_level=LogLevels.error,
        workers_kill_timeout=20,
        process_name="mailer: web",
    )
    server.serve(target_loader=application, wrap_loader=False)
