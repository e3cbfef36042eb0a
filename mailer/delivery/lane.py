"""A lane: what drives one worker's connections. It claims batches, hands messages over, records outcomes.

No transaction is open while the network is spoken to. The written exception to “verbs
flush, doors commit”: outcomes are committed as they come, so that whatever dies, little
is left to replay.
"""

import logging
import time
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from mailer.current import settings
from mailer.db import begin_reading, db
from mailer.delivery import claim, health, ledger, runs, share
from mailer.delivery.allowance import Allowance, allowance, give_back
from mailer.delivery.claim import ClaimedBatch
from mailer.delivery.compose import Composer
from mailer.delivery.engine.line import Line
from mailer.delivery.engine.outcomes import Outcome, Verdict, deferred
from mailer.delivery.engine.pool import Pool
from mailer.delivery.engine.ports import LeaseLost, Parcel, Server
from mailer.delivery.engine.routing import Route, Split
from mailer.delivery.engine.throttle import Throttle
from mailer.delivery.journal import Journal
from mailer.delivery.ledger import Claimed, Result
from mailer.delivery.models import Message, Run
from mailer.delivery.pacing import Pacing
from mailer.delivery.readers import complete
from mailer.delivery.routes import Choice, resting, routes_for, usable_routes
from mailer.delivery.watch import Watch
from mailer.jobs import DELIVER_DUE, later
from mailer.lib.clock import utcnow

log = logging.getLogger(__name__)

#: Another batch is claimed when so few messages wait that a connection might soon have none.
_FEW: Final = 16
#: How often outcomes of a batch that takes longer are recorded, and the lease is lengthened.
_CHECK_SECONDS: Final = 1.0
#: A batch that goes slowly keeps no other waiting for longer, as long as there are not too many.
_SLOW_SECONDS: Final = 1.0
_MOST_BATCHES: Final = 8
#: So many outcomes are recorded at once at most. On SQLite nobody else writes meanwhile: beside programs
#: that post, one time in ten 500 took 24 ms, and 250 take 14.
_RECORDED: Final = {"sqlite": 250, "postgresql": claim.BATCH}
#: A slow server must not keep a batch, and a worker that is told to stop, for ever.
_BATCH_SECONDS: Final = 45.0
#: The only server is given up when it could not be reached so often in a row; the pool waits in between.
_PATIENCE: Final = 3
#: When no server takes a domain's mail, only an operator can help; their change is noticed at once.
_NO_ROUTE: Final = timedelta(minutes=1)
#: How often messages that are held for their domain's turn are looked at.
_HELD_SECONDS: Final = 0.1
#: When the database is gone, what is on its way is still answered, and written to the journal.
_DRAIN_SECONDS: Final = 20.0
_STEP_SECONDS: Final = 0.25
#: How often work is looked for while there is none but what is in hand.
_LOOK_SECONDS: Final = 0.5
#: Counts while the machine sleeps as well, unlike ``monotonic``: leases go on meanwhile.
CLOCK: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


#: How it ends for a throttle when a message was taken and not begun.
_NOT_SENT: Final = deferred("Not sent.")
#: What counts against a cap: the server had it, or at least its address.
_COUNTED: Final = frozenset({Verdict.ACCEPTED, Verdict.IN_DOUBT, Verdict.REJECTED})


class Way(NamedTuple):
    """A route in use, and the pace of its mailbox domains."""

    route: Route
    throttle: Throttle


class Load:
    """One batch in a lane's hands.

    :ivar line: what was not taken yet
    :ivar in_flight: how many were taken and have no outcome
    :ivar used: how many of what was granted count as sent
    """

    def __init__(
        self,
        run: Run,
        batch: ClaimedBatch,
        composers: Mapping[UUID, Composer],
        choice: Choice,
        granted: Allowance,
    ) -> None:
        self.run, self.batch, self.granted = run, batch, granted
        #: By message: a campaign has one for each of its languages.
        self.composers = composers
        #: What is beyond the allowance stays in the batch.
        self.line = Line(batch.deliveries[: granted.count], domain_of)
        self.split = Split(choice.routes)
        #: The routes in use, by the server that asks for messages.
        self.ways: dict[Server, Way] = {}
        #: Of the first route: says when the turn of those comes who were put off.
        self.throttle: Throttle | None = None
        self.in_flight = self.used = 0
        self.results: list[Result] = []
        self.began_at = time.monotonic()
        #: Servers that were in trouble, by the key of their route, and whether they took something.
        self.probing = dict.fromkeys(choice.probing, False)
        #: Why the rest goes back: no server would take anything.
        self.trouble: Outcome | None = None
        self.is_given_up = False

    @property
    def is_done(self) -> bool:
        """Whether nothing more happens to it."""
        return not self.line and not self.in_flight


def domain_of(delivery: Claimed) -> str:
    """Return the mailbox domain that a delivery goes to."""
    return delivery.email.rpartition("@")[2].lower()


class Lane:
    """Serves one pool; also the desk that the pool takes its messages from."""

    def __init__(self, pool: Pool, watch: Watch, journal: Journal, pacing: Pacing) -> None:
        self._pool, self._watch, self._journal, self._pacing = pool, watch, journal, pacing
        self._loads: list[Load] = []
        self._composers: dict[UUID, Composer] = {}
        #: How often in a row a server took nothing, and what it said when it was given up, by route.
        self._failures: Counter[Server] = Counter()
        self._troubles: dict[str, Outcome] = {}
        self._first_retry_seconds = settings().retry_first_seconds
        self._recorded = _RECORDED[db.engine.dialect.name]
        self._lease_seconds = claim.lease().total_seconds()
        self._lease_ends = 0.0
        self._claimed_at = self._checked_at = self._held_at = 0.0
        #: When to look for work again; it was found when this is 0.
        self._look_at = 0.0
        #: Nothing is begun any more, and only answers are waited for.
        self._is_draining = False
        #: Some have left since; who was in a server's hands by then has not been asked about.
        self._has_changed = False
        self._lost = pool.lost
        self._tell_time()

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

    def ask(self) -> None:
        """Have the database tell, while the network is waited for, whether the gate's answers changed."""
        if not self._is_draining:
            self._watch.ask()

    def look(self) -> None:
        """Ask the gate again when its answers may have changed."""
        self._tell_time()
        if self._is_draining:
            # Who left does not matter any more when nothing is begun; and the database may be gone.
            return
        has_changed = self._watch.changed()
        self._has_changed |= has_changed
        if has_changed or (self._has_changed and self._pool.lost > self._lost):
            self._lost = self._pool.lost
            self._ask_again(self._loads)

    def take(self, server: Server) -> Parcel | None:
        """Return the next message for a server, made just now."""
        now = self._moment
        for load in self._loads:
            way = load.ways.get(server)
            if way is None or not load.split.may_take(way.route, now):
                continue
            while (delivery := load.line.next(way.throttle, now)) is not None:
                parcel = self._compose(load, delivery, way)
                if parcel is not None:
                    load.split.took(way.route, now)
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
        load, delivery, way = parcel.key
        load.in_flight -= 1
        domain = domain_of(delivery)
        way.throttle.ended(domain, _NOT_SENT if outcome.is_about_server else outcome, self._moment)
        load.line.look_again(domain)
        if outcome.is_about_server and outcome.verdict is Verdict.HELD:
            # Nobody is to blame but our settings: another server takes it, or it goes back untouched.
            if not load.is_given_up:
                load.line.return_item(delivery)
            self.trouble(way.route.server, outcome)
            return
        if self._failures:
            self._failures.pop(way.route.server, None)
        self._journal.answered(delivery.id, outcome)
        load.results.append(Result(delivery, outcome))
        if way.route.key in load.probing and outcome.verdict is Verdict.ACCEPTED:
            load.probing[way.route.key] = True

    def trouble(self, server: Server, outcome: Outcome) -> None:
        """Let other servers step in for one that takes nothing; without any, what waits goes back."""
        self._failures[server] += 1
        is_final = outcome.verdict is Verdict.HELD or self._failures[server] >= _PATIENCE
        for load in self._loads:
            if server not in load.ways or not (is_final or load.split.has_others):
                continue
            route = load.ways.pop(server).route
            self._troubles[route.key] = outcome
            load.split.drop(route)
            if not load.split.routes:
                load.trouble = outcome

    # The steps of a round

    def _tell_time(self) -> None:
        """Take the time once for all messages of a round, which come within milliseconds."""
        self._moment, self._now = time.monotonic(), utcnow()

    def _round(self) -> None:
        self._tell_time()
        self._pool.step(self, wait=_STEP_SECONDS)
        self._journal.flush()
        if self._troubles:
            self._heed_troubles()
        now = time.monotonic()
        if now - self._held_at > _HELD_SECONDS:
            self._held_at = now
            for load in self._loads:
                load.line.look_at_all()
        for load in self._loads:
            if load.trouble is not None or now - load.began_at > _BATCH_SECONDS:
                self._give_up(load)
        if (
            any(load.is_done for load in self._loads)
            or now - self._checked_at > _CHECK_SECONDS
            or sum(len(load.results) for load in self._loads) >= self._recorded
        ):
            self._checkpoint()

    def _claim_more(self, until: float) -> None:
        """Take another batch when few messages wait, or when those that do go slowly."""
        now = time.monotonic()
        if now >= until or now < self._look_at or len(self._loads) >= _MOST_BATCHES:
            return
        waiting = sum(load.line.ready_count for load in self._loads)
        if waiting > _FEW and now - self._claimed_at < _SLOW_SECONDS:
            return
        self._claimed_at = now
        began = time.clock_gettime(CLOCK)
        campaign_id = share.next_run(utcnow(), size=claim.BATCH)
        db.session.commit()
        # What is only read is read before others wait for what is written: the run, its routes, and for
        # its first batch all that the composer remembers.
        begin_reading()
        run = db.session.get(Run, campaign_id) if campaign_id is not None else None
        if run is None:
            self._look_at = now + _LOOK_SECONDS
            db.session.rollback()
            return
        # Read once: an attribute that is loaded again in mid-batch would open a transaction.
        db.session.expunge(run)
        composer = self._composer_of(run, run.message_id)
        routes = routes_for(run.workspace_id, composer.from_domain)
        db.session.commit()
        self._look_at = 0.0
        load = self._claim(run, usable_routes(routes, composer.from_domain, now=utcnow()))
        if load is not None:
            if not self._loads:
                self._lease_ends, self._checked_at = began + self._lease_seconds, now
                # Where there is one batch there may be more, and a worker without work.
                later(DELIVER_DUE)
            self._loads.append(load)
        db.session.commit()

    def _claim(self, run: Run, choice: Choice) -> Load | None:
        """Claim a batch of a run, within its caps and for servers that are well; None when there is none."""
        now = utcnow()
        if not choice.routes:
            runs.wait(run.campaign_id, choice.reason, until=choice.again_at or now + _NO_ROUTE)
            return None
        batch = claim.claim_batch(run, worker=self._journal.name, now=now)
        if batch is None:
            # Another worker was faster.
            return None
        composers = self._composers_of(run, batch)
        rare_names = {name for each in composers.values() for name in each.rare_names}
        if rare_names:
            readers = {each.id: each.reader for each in batch.deliveries if each.reader is not None}
            complete(readers, batch.deliveries, rare_names)
        granted = allowance(run.workspace_id, len(batch.deliveries), now)
        if granted.again_at is not None:
            runs.wait(run.campaign_id, granted.reason, until=granted.again_at)
        load = Load(run, batch, composers, choice, granted)
        self._serve(load)
        return load

    def _serve(self, load: Load) -> None:
        """Have the pool carry a batch by the routes in use."""
        for route in load.split.routes:
            throttle = self._pacing.throttle(route, load.run.workspace_id)
            load.ways[route.server] = Way(route, throttle)
            load.throttle = load.throttle or throttle
            self._pool.serve(
                route.server,
                connections=route.connections,
                messages_per_connection=route.messages_per_connection,
            )

    def _heed_troubles(self) -> None:
        """Tell all workers which servers take nothing, and have the pool carry messages by the others."""
        for key, outcome in self._troubles.items():
            health.note_failure(key, outcome.reply, now=utcnow())
        self._troubles.clear()
        self._recall()
        for load in self._loads:
            self._serve(load)
        db.session.commit()

    def _checkpoint(self) -> None:
        """Record what was answered, lengthen the lease, and let go of what is done."""
        self._checked_at = time.monotonic()
        began = time.clock_gettime(CLOCK)
        now = utcnow()
        held = ledger.hold([load.batch.id for load in self._loads], worker=self._journal.name, now=now)
        self._record(self._loads, held)
        for load in self._loads:
            self._note_recovery(load)
            if load.batch.id not in held:
                self._give_up(load)
            elif load.is_done:
                self._finish(load)
        self._pacing.exchange(time.monotonic(), at=now)
        db.session.commit()
        self._lease_ends = began + self._lease_seconds
        self._loads = [load for load in self._loads if not load.is_done]

    def _record(self, loads: Iterable[Load], held: Collection[UUID]) -> None:
        results = [result for load in loads for result in load.results]
        ledger.record(results, held=held, now=utcnow(), first_retry_seconds=self._first_retry_seconds)
        for load in loads:
            refusals = [each.outcome.reply for each in load.results if each.outcome.verdict is Verdict.HELD]
            if refusals and runs.stop_when_refused(load.run.campaign_id, refusals[-1], now=utcnow()):
                self._give_up(load)
            load.used += sum(result.outcome.verdict in _COUNTED for result in load.results)
            load.results = []

    def _finish(self, load: Load) -> None:
        """Give a batch back, or end it when nothing of it is left."""
        now, run, trouble = utcnow(), load.run, load.trouble
        ledger.postpone(self._turns(load, now), batch_id=load.batch.id)
        ledger.put_back(load.batch.id, worker=self._journal.name, due_at=now)
        give_back(run.workspace_id, load.granted.hour, load.granted.count - load.used)
        if trouble is not None and trouble.verdict is Verdict.HELD:
            runs.stop_by_itself(run.campaign_id, f"The mail server refuses us: {trouble.reply}", now=now)
        elif trouble is not None and (
            rest := resting(run.workspace_id, load.composers[run.message_id].from_domain, now=now)
        ):
            runs.wait(run.campaign_id, rest.reason, until=rest.again_at or now + _NO_ROUTE)
        runs.end_when_quiet(run.campaign_id, now=now)

    def _note_recovery(self, load: Load) -> None:
        """Tell all workers of servers that were in trouble and take messages again."""
        for key in [key for key, is_back in load.probing.items() if is_back]:
            health.note_recovery(key)
            del load.probing[key]

    def _turns(self, load: Load, at: datetime) -> dict[UUID, datetime]:
        """Return when each of those has its turn whose domain may not be written to soon."""
        now, times = time.monotonic(), {}
        for domain, deliveries in load.line.put_off.items():
            assert load.throttle is not None
            turns = load.throttle.turns(domain, len(deliveries), now)
            for delivery, turn in zip(deliveries, turns, strict=True):
                times[delivery.id] = at + timedelta(seconds=turn - now)
        return times

    def _give_up(self, load: Load) -> None:
        """Take nothing more of a batch; what is on its way is waited for."""
        load.line.clear()
        if load.is_given_up or not load.in_flight:
            return
        load.is_given_up = True
        self._recall()

    def _recall(self) -> None:
        """Take back what no server has begun to get."""
        self._return(self._pool.recall())

    def _return(self, parcels: Iterable[Parcel]) -> None:
        for parcel in parcels:
            load, delivery, way = parcel.key
            load.in_flight -= 1
            way.throttle.ended(domain_of(delivery), _NOT_SENT, time.monotonic())
            if not load.is_given_up:
                load.line.return_item(delivery)

    def _ask_again(self, loads: Iterable[Load]) -> None:
        """Ask the gate once more about everybody whom no server knows of yet."""
        self._return(self._pool.take_back())
        now = utcnow()
        for load in loads:
            waiting = [delivery.id for delivery in load.line]
            refused, is_stopped = claim.ask_again(load.run, waiting, now=now)
            if refused and ledger.hold([load.batch.id], worker=self._journal.name, now=now):
                claim.skip_refused(refused, batch_id=load.batch.id, now=now)
                load.line.keep(lambda each, gone=refused: each.id not in gone)  # type: ignore[misc]
            if is_stopped:
                self._give_up(load)
        db.session.commit()

    def _drain(self) -> None:
        """Wait a while for answers to what is on its way, so that the journal knows them."""
        self._is_draining = True
        for load in self._loads:
            self._give_up(load)
        until = time.monotonic() + _DRAIN_SECONDS
        while self._pool.in_flight and time.monotonic() < until:
            self._pool.step(self, wait=_STEP_SECONDS)
            self._journal.flush()

    # Making messages

    def _compose(self, load: Load, delivery: Claimed, way: Way) -> Parcel | None:
        """Make a message; None when it cannot be made, which is its outcome then."""
        self._journal.composing(delivery.id)
        composer = load.composers[delivery.message_id]
        made = composer.try_to_compose(delivery, delivery.reader, now=self._now)
        self._journal.composed()
        if not isinstance(made, Outcome):
            envelope, content = made
            return Parcel((load, delivery, way), envelope.sender, envelope.recipient, content)
        self._journal.answered(delivery.id, made)
        load.results.append(Result(delivery, made))
        way.throttle.ended(domain_of(delivery), made, time.monotonic())
        return None

    def _composers_of(self, run: Run, batch: ClaimedBatch) -> dict[UUID, Composer]:
        messages = {run.message_id, *(delivery.message_id for delivery in batch.deliveries)}
        return {message_id: self._composer_of(run, message_id) for message_id in messages}

    def _composer_of(self, run: Run, message_id: UUID) -> Composer:
        composer = self._composers.get(message_id)
        if composer is None:
            message = db.session.get_one(Message, message_id)
            composer = Composer(message, list_ids=[UUID(list_id) for list_id in run.list_ids])
            db.session.expunge(message)
            self._composers[message_id] = composer
        return composer
