"""Sending what is due in any campaign, by turns (``lane``)."""

from typing import Final

from mailer.current import settings
from mailer.db import db
from mailer.delivery.engine.pool import Pool
from mailer.delivery.engine.ports import LeaseLost
from mailer.delivery.journal import Journal, folder
from mailer.delivery.lane import Lane
from mailer.delivery.pacing import Pacing
from mailer.delivery.watch import Watch, open_watch
from mailer.jobs import DELIVER_DUE, later

#: After so long a process that is told to stop can.
_SHIFT_SECONDS: Final = 5.0

#: Connections that stay open from one shift to the next.
_kept: list[tuple[Pool, Watch]] = []
#: What was learned about mailbox domains outlasts them.
_pacing: Final = Pacing()


def deliver_due() -> None:
    """Send what is due in any campaign, by turns, and ask for another shift when there is more."""
    if _serve():
        later(DELIVER_DUE)
    db.session.commit()


def _serve() -> bool:
    if _kept:
        pool, watch = _kept.pop()
    else:
        pool = Pool()
        watch = open_watch()
    journal = Journal(folder(settings().data_dir))
    try:
        is_more = Lane(pool, watch, journal, _pacing).serve(seconds=_SHIFT_SECONDS)
    except LeaseLost:
        _abandon(journal, watch, pool)
        return True
    except BaseException:
        _abandon(journal, watch, pool)
        raise
    journal.remove()
    _kept.append((pool, watch))
    return is_more


def _abandon(journal: Journal, watch: Watch, pool: Pool) -> None:
    """End a shift in the middle: the sweep finds the journal unlocked and brings the ledger up to it."""
    journal.leave()
    watch.close()
    pool.close()


def close_connections() -> None:
    """Say goodbye to the servers that this process keeps connections to."""
    while _kept:
        pool, watch = _kept.pop()
        watch.close()
        pool.close()
