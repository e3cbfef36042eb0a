"""A database that is there before anything is started on it."""

import logging
import time
from typing import Final

from mailer.db import DATABASE_AWAY, db
from mailer.runtime.supervisor import CannotStart

log = logging.getLogger(__name__)

_LOOK_SECONDS: Final = 1.0


def require_database(*, patience: float) -> None:
    """Return once the database answers: a server may still start, or recover from a crash.

    :param patience: how many seconds a server is waited for; a file is there or is not
    :raises CannotStart: with what it said
    """
    until = time.monotonic() + (patience if db.engine.dialect.name == "postgresql" else 0.0)
    is_told = False
    while True:
        try:
            db.engine.connect().close()
        except DATABASE_AWAY as error:
            if time.monotonic() >= until:
                raise CannotStart(f"The database cannot be used: {_words_of(error)}") from None
            if not is_told:
                log.warning("The database does not answer yet. %s", _words_of(error))
                is_told = True
            time.sleep(_LOOK_SECONDS)
        else:
            return


def _words_of(error: Exception) -> str:
    """Return what the driver said, without a word about the statement."""
    return " ".join(str(getattr(error, "orig", None) or error).split())
