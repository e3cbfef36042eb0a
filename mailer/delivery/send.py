"""Sending what is due: many messages of campaigns in a lane, one that belongs to none alone."""

import threading
import time
from collections.abc import Callable
from typing import Final
from uuid import UUID

from mailer.current import settings
from mailer.db import db
from mailer.delivery import claim, health, ledger
from mailer.delivery.allowance import count_sent
from mailer.delivery.compose import Composer, merge_values
from mailer.delivery.engine.outcomes import Outcome, Verdict, deferred
from mailer.delivery.engine.pool import Pool
from mailer.delivery.engine.ports import Courier, Envelope, LeaseLost
from mailer.delivery.engine.routing import Route
from mailer.delivery.journal import Journal, folder
from mailer.delivery.lane import CLOCK, Lane
from mailer.delivery.ledger import Claimed, Result
from mailer.delivery.models import Delivery, Message
from mailer.delivery.pacing import Pacing
from mailer.delivery.readers import complete
from mailer.delivery.routes import route_for_one
from mailer.delivery.transports import courier_for
from mailer.delivery.watch import Watch, open_watch
from mailer.jobs import DELIVER_DUE, later
from mailer.lib.clock import utcnow

#: One thread drives all connections of a process; a second would only take the first one's time.
SEATS: Final = threading.BoundedSemaphore(1)
#: Held by the thread that keeps a nudge for a moment.
_HAND: Final = threading.BoundedSemaphore(1)
_HAND_SECONDS: Final = 0.1
#: After so long other jobs have their turn, and a process that is told to stop can.
_SHIFT_SECONDS: Final = 5.0

#: Connections that stay open from one shift to the next.
_kept: list[tuple[Pool, Watch]] = []
#: What was learned about mailbox domains outlasts them.
_pacing: Final = Pacing()


def deliver_due() -> None:
    """Send what is due in any campaign, by turns, and ask for another shift when there is more."""
    if not SEATS.acquire(blocking=False):
        _pass_on()
        return
    try:
        is_more = _serve()
    finally:
        SEATS.release()
    if is_more:
        later(DELIVER_DUE)
    db.session.commit()


def _pass_on() -> None:
    """Hand a nudge on: another process may have nothing to do, while this one's threads took it."""
    if not _HAND.acquire(blocking=False):
        # One that goes round is as good as many.
        return
    try:
        time.sleep(_HAND_SECONDS)
    finally:
        _HAND.release()
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
    composer = Composer(message)
    complete({delivery.id: person}, [delivery], composer.rare_names)
    route = route_for_one(delivery.workspace_id, composer.from_domain, now=utcnow())
    courier = courier_for(route.server) if route is not None else None
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
        outcome = _hand_over(made, courier, before_dot)
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
    if route is not None:
        _note(route, outcome)
    if outcome.verdict is Verdict.ACCEPTED:
        count_sent(delivery.workspace_id, 1, utcnow())
    db.session.commit()


def _hand_over(
    made: tuple[Envelope, bytes] | Outcome, courier: Courier | None, before_dot: Callable[[], None]
) -> Outcome:
    if isinstance(made, Outcome):
        return made
    if courier is None:
        return deferred("No server of this workspace takes mail from this domain.")
    return courier.hand_over(*made, before_dot=before_dot)


def _note(route: Route, outcome: Outcome) -> None:
    """Tell all workers how the server is, if that is news."""
    if outcome.is_about_server:
        health.note_failure(route.key, outcome.reply, now=utcnow())
    elif route.trouble is not None and outcome.verdict is Verdict.ACCEPTED:
        health.note_recovery(route.key)
