"""Trying a call: everything is checked and worked out, and nothing of it stays.

The transaction in which the work is done is refused its end; jobs that it asked for go with it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import event
from sqlalchemy.orm import Session

from mailer.db import db

_DRY: Final = "mailer.dry_run"


class WouldSucceed(Exception):
    """The work came to its end, and would have been committed."""


@contextmanager
def dry_run() -> Iterator[None]:
    """Let nothing of a block be committed.

    :raises WouldSucceed: at the first commit
    """
    db.session().info[_DRY] = True
    try:
        yield
    finally:
        db.session.rollback()
        db.session().info.pop(_DRY, None)


# First of all: what else waits for the commit may write, and take the commit along (``driver``).
@event.listens_for(Session, "before_commit", insert=True)
def _refuse(session: Any) -> None:
    if session.info.get(_DRY) and not session.in_nested_transaction():
        raise WouldSucceed
