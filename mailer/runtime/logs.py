"""Logs: one line an event, to the standard error, with the process that says it."""

import logging
import sys

from setproctitle import setproctitle


def begin(part: str, level: str) -> None:
    """Name this process after its part of Mailer, in its log lines and in the system's list.

    :param level: ``debug``, ``info``, ``warning`` or ``error``
    """
    setproctitle(f"mailer: {part}")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(f"%(asctime)s {part:<20} %(levelname)-7s %(message)s", "%H:%M:%S"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for chatty in ("apscheduler", "dramatiq", "mail.log", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING if level == "info" else level.upper())
