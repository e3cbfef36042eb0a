"""Sending what is due: many messages of campaigns in a lane, one that belongs to none alone."""

import threading
import time
from typing import Final
from uuid import UUID

from mailer.current import settings
from mailer.db import db
from mailer.delivery import claim, ledger
from mailer.delivery.compose import Composer, merge_values
from mailer.delivery.engine.outcomes import Outcome
from mailer.delivery.engine.pool import Pool
from mailer.delivery.engine.ports import LeaseLost
from mailer.delivery.journal import Journal, folder
from mailer.delivery.lane import CLOCK, Lane
from mailer.delivery.ledger import Claimed, Result
from mailer.delivery.models import Delivery, Message
from mailer.delivery.transports import courier_for, server_for
from mailer.delivery.watch import Watch, open_watch
from mailer.jobs import DELIVER_DUE, later
from mailer.lib.clock import utcnow

#: One thread drives all connections of a process; a second would only take the first one's time.
SEATS: Final = threading.BoundedSemaphore(1)
#: After so long other jobs have their turn, and a process that is told to stop can.
_SHIFT_SECONDS: Final = 5.0

#: Connections that stay open from one shift to the next.
_kept: list[tuple[Pool, Watch]] = []


def deliver_due() -> None:
    """Send what is due in any campaign, by turns, and ask for another shift when there is more."""
    if not SEATS.acquire(blocking=False):
        # Whoever sits there looks for work until there is none.
        return
    try:
        is_more = _serve()
    finally:
        SEATS.release()
    if is_more:
        later(DELIVER_DUE)
    db.session.commit()


def _serve() -> bool:
    if _kept:
        pool, watch = _kept.pop()
    else:
        pool = Pool()
        watch = open_watch(pool)
    journal = Journal(folder(settings().data_dir))
    try:
        is_more = Lane(pool, watch, journal).serve(seconds=_SHIFT_SECONDS)
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


def deliver_one(delivery_id: UUID) -> None:
    """Send one message that belongs to no campaign, if it is due."""
    journal = Journal(folder(settings().data_dir))
    try:
        delivery = claim.claim_one(delivery_id, worker=journal.name, now=utcnow())
        db.session.commit()
        if delivery is not None:
            _deliver_alone(delivery, journal)
    except BaseException:
        journal.leave()
        raise
    journal.remove()


def _deliver_alone(delivery: Claimed, journal: Journal) -> None:
    message = db.session.get_one(Message, delivery.message_id)
    row = db.session.get_one(Delivery, delivery.id)
    person = merge_values(row.subscriber, delivery.email)
    courier = courier_for(server_for(delivery.workspace_id))
    composer = Composer(message)
    db.session.expunge(message)
    db.session.commit()
    lease_ends = time.clock_gettime(CLOCK) + claim.lease().total_seconds()

    def before_dot() -> None:
        if time.clock_gettime(CLOCK) >= lease_ends:
            raise LeaseLost
        journal.intends([delivery.id])

    journal.composing(delivery.id)
    made = composer.try_to_compose(delivery, person, now=utcnow())
    journal.composed()
    try:
        outcome = made if isinstance(made, Outcome) else courier.hand_over(*made, before_dot=before_dot)
    except LeaseLost:
        return
    journal.answered(delivery.id, outcome)
    journal.flush()
    ledger.record(
        [Result(delivery, outcome)],
        worker=journal.name,
        now=utcnow(),
        first_retry_seconds=settings().retry_first_seconds,
    )
    ledger.put_back(delivery.batch_id, worker=journal.name, due_at=utcnow())
    db.session.commit()
