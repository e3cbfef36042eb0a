"""The web server: one process that serves, one that looks after it."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from mailer.runtime import logs
from mailer.runtime.parent import end_with_parent
from mailer.runtime.ports import require_free

_STATIC: Final = Path(__file__).parents[1] / "static"
_YEAR_SECONDS: Final = 365 * 24 * 3600
_THREADS: Final = 8


def serve(
    build: Callable[[], Any], *, bind: str, port: int, processes: int = 1, log_level: str = "info"
) -> None:
    """Serve the application until told to stop; requests in hand are answered first.

    :param build: makes the application, in the process that serves it
    :raises mailer.runtime.ports.PortTaken: another program listens on the port
    """
    require_free(bind, port, "MAILER_PORT")
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
        static_path_mount=[_STATIC / "dist"] if (_STATIC / "dist").exists() else None,
        static_path_expires=_YEAR_SECONDS,
        log_level=LogLevels.error,
        workers_kill_timeout=20,
        process_name="mailer: web",
    )
    server.serve(target_loader=partial(_application, build, log_level), wrap_loader=False)


def _application(build: Callable[[], Any], log_level: str) -> Any:
    logs.begin("web", log_level)
    end_with_parent()
    return build()
