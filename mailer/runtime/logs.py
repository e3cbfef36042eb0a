"""Logs: one line an event, to the standard error, with the process that says it."""

import logging
import sys
import warnings
from typing import Final

from setproctitle import setproctitle

#: Libraries warn of what is meant: each queue has a worker of its own, and inside one's own
#: network programs may hand in mail without TLS, of which the server itself says so.
_MEANT: Final = (
    "You're adding a middleware of the same type twice",
    "auth_required == True but auth_require_tls == False",
    "Session.login_data is deprecated",
)


def begin(part: str, level: str) -> None:
    """Name this process after its part of Mailer, in its log lines and in the system's list.

    :param level: ``debug``, ``info``, ``warning`` or ``error``
    """
    setproctitle(f"mailer: {part}")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(f"%(asctime)s {part:<20} %(levelname)-7s %(message)s", "%H:%M:%S"))
    handler.addFilter(lambda record: not record.getMessage().startswith(_MEANT))
    warnings.filterwarnings("ignore", "Requiring AUTH while not requiring TLS")
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for chatty in ("apscheduler", "dramatiq", "mail.log", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING if level == "info" else level.upper())
