"""A lane: what drives one worker's connections. It claims batches, hands messages over, records outcomes.

No transaction is open while the network is spoken to. The written exception to “verbs
flush, doors commit”: outcomes are committed as they come, so that whatever dies, little
is left to replay.
"""

import logging
import time
from collections import deque
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from mailer.current import settings
from mailer.db import db
from mailer.delivery import claim, ledger, runs, share
from mailer.delivery.claim import ClaimedBatch
from mailer.delivery.compose import Composer
from mailer.delivery.engine.outcomes import Outcome, Verdict
from mailer.delivery.engine.pool import Pool
from mailer.delivery.engine.ports import LeaseLost, Parcel, Server
from mailer.delivery.journal import Journal
from mailer.delivery.ledger import Claimed, Result
from mailer.delivery.models import Message, Run
from mailer.delivery.transports import server_for
from mailer.delivery.watch import Watch
from mailer.jobs import DELIVER_DUE, later
from mailer.lib.clock import utcnow

log = logging.getLogger(__name__)

CONNECTIONS: Final = 8
#: Another batch is claimed when so few messages wait that a connection might soon have none.
_FEW: Final = 2 * CONNECTIONS
#: How often outcomes of a batch that takes longer are recorded, and the lease is lengthened.
_CHECK_SECONDS: Final = 1.0
#: A batch that goes slowly keeps no other waiting for longer, as long as there are not too many.
_SLOW_SECONDS: Final = 1.0
_MOST_BATCHES: Final = 8
#: A slow server must not keep a batch, and a worker that is told to stop, for ever.
_BATCH_SECONDS: Final = 45.0
#: When the server cannot be reached, the others of the batch wait for the next look at it.
_PROBE: Final = timedelta(seconds=10)
#: When the database is gone, what is on its way is still answered, and written to the journal.
_DRAIN_SECONDS: Final = 20.0
_STEP_SECONDS: Final = 0.25
#: How often work is looked for while there is none but what is in hand.
_LOOK_SECONDS: Final = 0.5
#: Counts while the machine sleeps as well, unlike ``monotonic``: leases go on meanwhile.
CLOCK: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Load:
    """One batch in a lane's hands.

    :ivar waiting: what was not taken yet
    :ivar in_flight: how many were taken and have no outcome
    """

    def __init__(self, run: Run, batch: ClaimedBatch, composer: Composer, server: Server) -> None:
        self.run, self.batch, self.composer, self.server = run, batch, composer, server
        self.waiting = deque(batch.deliveries)
        self.in_flight = 0
        self.results: list[Result] = []
        self.began_at = time.monotonic()
        #: Why the rest goes back: the server would take nothing.
        self.trouble: Outcome | None = None
        self.is_given_up = False

    @property
    def is_done(self) -> bool:
        """Whether nothing more happens to it."""
        return not self.waiting and not self.in_flight


class Lane:
    """Serves one pool; also the desk that the pool takes its messages from."""

    def __init__(self, pool: Pool, watch: Watch, journal: Journal) -> None:
        self._pool, self._watch, self._journal = pool, watch, journal
        self._loads: list[Load] = []
        self._composers: dict[UUID, Composer] = {}
        self._servers: dict[UUID, Server] = {}
        self._first_retry_seconds = settings().retry_first_seconds
        self._lease_seconds = claim.lease().total_seconds()
        self._lease_ends = 0.0
        self._claimed_at = self._checked_at = 0.0
        #: When to look for work again; it was found when this is 0.
        self._look_at = 0.0

    def serve(self, *, seconds: float) -> bool:
        """Send what is due, and claim for so long; return whether more may be due.

        Whatever is raised, the journal tells a sweep what had happened.

        :raises LeaseLost: the claims may be someone else's; nothing of them is written any more
        """
        until = time.monotonic() + seconds
        try:
            while True:
                self._claim_more(until)
                if not self._loads:
                    return not self._look_at
                self._round()
        except LeaseLost:
            log.warning("The worker was still for so long that its lease is over.")
            self._drain()
            raise
        except Exception:
            self._drain()
            raise

    # What the pool asks and tells

    def take(self, server: Server) -> Parcel | None:
        """Return the next message for a server, made just now."""
        for load in self._loads:
            if load.server == server:
                while load.waiting:
                    parcel = self._compose(load, load.waiting.popleft())
                    if parcel is not None:
                        load.in_flight += 1
                        return parcel
        return None

    def intend(self, parcels: Sequence[Parcel]) -> None:
        """Write down what is handed over next.

        :raises LeaseLost: the claims may be someone else's
        """
        if time.clock_gettime(CLOCK) >= self._lease_ends:
            raise LeaseLost
        self._journal.intends([parcel.key[1].id for parcel in parcels])

    def settle(self, parcel: Parcel, outcome: Outcome) -> None:
        """Keep an outcome until it is recorded."""
        load, delivery = parcel.key
        load.in_flight -= 1
        if outcome.is_about_server and outcome.verdict is Verdict.HELD:
            # Nobody is to blame but our settings: the claim goes back untouched.
            self.trouble(load.server, outcome)
            return
        self._journal.answered(delivery.id, outcome)
        load.results.append(Result(delivery, outcome))

    def trouble(self, server: Server, outcome: Outcome) -> None:
        """Give back what waits for a server that takes nothing."""
        for load in self._loads:
            if load.server == server and load.trouble is None:
                load.trouble = outcome

    # The steps of a round

    def _round(self) -> None:
        self._pool.step(self, wait=_STEP_SECONDS)
        self._journal.flush()
        if self._watch.changed():
            self._ask_again(self._loads)
        now = time.monotonic()
        for load in self._loads:
            if load.trouble is not None or now - load.began_at > _BATCH_SECONDS:
                self._give_up(load)
        if any(load.is_done for load in self._loads) or now - self._checked_at > _CHECK_SECONDS:
            self._checkpoint()

    def _claim_more(self, until: float) -> None:
        """Take another batch when few messages wait, or when those that do go slowly."""
        now = time.monotonic()
        if now >= until or now < self._look_at or len(self._loads) >= _MOST_BATCHES:
            return
        waiting = sum(len(load.waiting) for load in self._loads)
        if waiting > _FEW and now - self._claimed_at < _SLOW_SECONDS:
            return
        self._claimed_at = now
        began = time.clock_gettime(CLOCK)
        campaign_id = share.next_run(utcnow(), size=claim.BATCH)
        db.session.commit()
        run = db.session.get(Run, campaign_id) if campaign_id is not None else None
        if run is None:
            self._look_at = now + _LOOK_SECONDS
            db.session.rollback()
            return
        self._look_at = 0.0
        batch = claim.claim_batch(run, worker=self._journal.name, now=utcnow())
        if batch is None:
            # Another worker was faster.
            db.session.commit()
            return
        load = Load(run, batch, self._composer_of(run), self._server_of(run))
        # Read once: an attribute that is loaded again in mid-batch would open a transaction.
        db.session.expunge(run)
        if not self._loads:
            self._lease_ends, self._checked_at = began + self._lease_seconds, now
            # Where there is one batch there may be more, and a worker without work.
            later(DELIVER_DUE)
        db.session.commit()
        self._loads.append(load)
        self._pool.serve(load.server, connections=CONNECTIONS)

    def _checkpoint(self) -> None:
        """Record what was answered, lengthen the lease, and let go of what is done."""
        self._checked_at = time.monotonic()
        began = time.clock_gettime(CLOCK)
        now = utcnow()
        held = ledger.hold([load.batch.id for load in self._loads], worker=self._journal.name, now=now)
        self._record(self._loads)
        for load in self._loads:
            if load.batch.id not in held:
                self._give_up(load)
            elif load.is_done:
                self._finish(load)
        db.session.commit()
        self._lease_ends = began + self._lease_seconds
        self._loads = [load for load in self._loads if not load.is_done]

    def _record(self, loads: Iterable[Load]) -> None:
        results = [result for load in loads for result in load.results]
        ledger.record(
            results,
            worker=self._journal.name,
            now=utcnow(),
            first_retry_seconds=self._first_retry_seconds,
        )
        for load in loads:
            held = [result.outcome.reply for result in load.results if result.outcome.verdict is Verdict.HELD]
            if held and runs.stop_when_refused(load.run.campaign_id, held[-1], now=utcnow()):
                self._give_up(load)
            load.results = []

    def _finish(self, load: Load) -> None:
        """Give a batch back, or end it when nothing of it is left."""
        now, trouble = utcnow(), load.trouble
        ledger.put_back(load.batch.id, worker=self._journal.name, due_at=now + _PROBE if trouble else now)
        if trouble is not None and trouble.verdict is Verdict.HELD:
            reason = f"The mail server refuses us: {trouble.reply}"
            runs.stop_by_itself(load.run.campaign_id, reason, now=now)
        elif trouble is not None:
            runs.wait(load.run.campaign_id, trouble.reply, until=now + _PROBE)
        runs.end_when_quiet(load.run.campaign_id, now=now)

    def _give_up(self, load: Load) -> None:
        """Take nothing more of a batch; what is on its way is waited for."""
        load.waiting.clear()
        if load.is_given_up or not load.in_flight:
            return
        load.is_given_up = True
        for parcel in self._pool.recall():
            owner, delivery = parcel.key
            owner.in_flight -= 1
            if not owner.is_given_up:
                owner.waiting.appendleft(delivery)

    def _ask_again(self, loads: Iterable[Load]) -> None:
        """Ask the gate once more about everybody who was not taken yet."""
        now = utcnow()
        for load in loads:
            waiting = [delivery.id for delivery in load.waiting]
            refused, is_stopped = claim.ask_again(load.run, waiting, now=now)
            if refused and ledger.hold([load.batch.id], worker=self._journal.name, now=now):
                claim.skip_refused(refused, batch_id=load.batch.id, now=now)
                load.waiting = deque(each for each in load.waiting if each.id not in refused)
            if is_stopped:
                self._give_up(load)
        db.session.commit()

    def _drain(self) -> None:
        """Wait a while for answers to what is on its way, so that the journal knows them."""
        for load in self._loads:
            self._give_up(load)
        until = time.monotonic() + _DRAIN_SECONDS
        while self._pool.in_flight and time.monotonic() < until:
            self._pool.step(self, wait=_STEP_SECONDS)
            self._journal.flush()

    # Making messages

    def _compose(self, load: Load, delivery: Claimed) -> Parcel | None:
        """Make a message; None when it cannot be made, which is its outcome then."""
        self._journal.composing(delivery.id)
        made = load.composer.try_to_compose(delivery, load.batch.readers[delivery.id], now=utcnow())
        self._journal.composed()
        if not isinstance(made, Outcome):
            envelope, content = made
            return Parcel((load, delivery), envelope.sender, envelope.recipient, content)
        self._journal.answered(delivery.id, made)
        load.results.append(Result(delivery, made))
        return None

    def _composer_of(self, run: Run) -> Composer:
        composer = self._composers.get(run.message_id)
        if composer is None:
            message = db.session.get_one(Message, run.message_id)
            composer = Composer(message, list_ids=[UUID(list_id) for list_id in run.list_ids])
            db.session.expunge(message)
            self._composers[run.message_id] = composer
        return composer

    def _server_of(self, run: Run) -> Server:
        if run.workspace_id not in self._servers:
            self._servers[run.workspace_id] = server_for(run.workspace_id)
        return self._servers[run.workspace_id]
