"""Sending what was claimed: no transaction is open while the network is spoken to.

The written exception to “verbs flush, doors commit”: outcomes are committed as the
batch goes along, so that whatever dies, little is left to replay.
"""

import logging
import time
from datetime import timedelta
from typing import Final
from uuid import UUID

from mailer.current import settings
from mailer.db import db
from mailer.delivery import claim, ledger, runs
from mailer.delivery.claim import ClaimedBatch
from mailer.delivery.compose import Composer, merge_values
from mailer.delivery.engine.outcomes import Outcome, Verdict
from mailer.delivery.engine.ports import Courier, LeaseLost
from mailer.delivery.journal import Journal, folder
from mailer.delivery.ledger import Claimed, Result
from mailer.delivery.models import Delivery, Message, Run
from mailer.delivery.transports import courier_for, server_for
from mailer.errors import MailerError
from mailer.jobs import DELIVER_BATCH, later
from mailer.lib.clock import utcnow

log = logging.getLogger(__name__)

#: How often outcomes are recorded and the gate is asked again during a batch.
_CHECK_SECONDS: Final = 0.25
#: A slow server must not keep a batch, and what waits behind it, for ever.
_BATCH_SECONDS: Final = 45.0
#: When the server cannot be reached, the others of the batch wait for the next look at it.
_PROBE: Final = timedelta(seconds=10)
#: Counts while the machine sleeps as well, unlike ``monotonic``: leases go on meanwhile.
_CLOCK: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def deliver_batch(campaign_id: UUID) -> None:
    """Send a few hundred of what is due in a campaign, and ask for the next when there is more."""
    run = db.session.get(Run, campaign_id)
    if run is None or run.ended_at is not None or run.stopped_at is not None:
        db.session.rollback()
        return
    # Read once: an attribute that is loaded again in mid-batch would open a transaction.
    db.session.expunge(run)
    journal = Journal(folder(settings().data_dir))
    try:
        claimed = claim.claim_batch(run, worker=journal.name, now=utcnow())
        db.session.commit()
        is_going = claimed is not None and _Batch(run, claimed, journal).deliver()
    except BaseException:
        # The sweep finds the journal unlocked and brings the ledger up to it.
        journal.leave()
        raise
    journal.remove()
    if is_going:
        later(DELIVER_BATCH, str(campaign_id))
    runs.end_when_quiet(campaign_id, now=utcnow())
    db.session.commit()


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
    lease = _Lease()
    try:
        outcome = _try(delivery, person, composer=composer, courier=courier, journal=journal, lease=lease)
    except LeaseLost:
        return
    ledger.record(
        [Result(delivery, outcome)],
        worker=journal.name,
        now=utcnow(),
        first_retry_seconds=settings().retry_first_seconds,
    )
    ledger.put_back(delivery.batch_id, worker=journal.name, due_at=utcnow())
    db.session.commit()


class _Lease:
    """Until when this process may send what it claimed."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        self._ends = time.clock_gettime(_CLOCK) + claim.lease().total_seconds()

    def check(self) -> None:
        """Refuse to go on with a lease that has run out: the claims may be someone else's.

        :raises LeaseLost: it has
        """
        if time.clock_gettime(_CLOCK) >= self._ends:
            raise LeaseLost


class _Batch:
    """One worker's claims, on their way."""

    def __init__(self, run: Run, batch: ClaimedBatch, journal: Journal) -> None:
        message = db.session.get_one(Message, run.message_id)
        self._run, self._batch, self._journal = run, batch, journal
        self._campaign_id = run.campaign_id
        self._composer = Composer(message, list_ids=[UUID(list_id) for list_id in run.list_ids])
        self._courier = courier_for(server_for(run.workspace_id))
        self._first_retry_seconds = settings().retry_first_seconds
        #: What is still to be sent, and still ours.
        self._open = {delivery.id for delivery in batch.deliveries}
        self._results: list[Result] = []
        self._lease = _Lease()
        self._is_stopped = False
        db.session.expunge(message)
        db.session.commit()

    def deliver(self) -> bool:
        """Send; return whether the campaign should go on at once."""
        ends_at = time.monotonic() + _BATCH_SECONDS
        self._checked_at = time.monotonic()
        trouble: Outcome | None = None
        for delivery in self._batch.deliveries:
            if time.monotonic() - self._checked_at >= _CHECK_SECONDS:
                self._checkpoint()
            if self._is_stopped or trouble or time.monotonic() >= ends_at:
                break
            if delivery.id in self._open:
                trouble = self._send(delivery)
        self._finish(trouble)
        return trouble is None and not self._is_stopped

    def _send(self, delivery: Claimed) -> Outcome | None:
        """Try one delivery; return what the server said when it would take none at all."""
        person = self._batch.readers[delivery.id]
        try:
            outcome = _try(
                delivery,
                person,
                composer=self._composer,
                courier=self._courier,
                journal=self._journal,
                lease=self._lease,
            )
        except LeaseLost:
            self._is_stopped = True
            return None
        if outcome.is_about_server and outcome.verdict is Verdict.HELD:
            # Nobody is to blame but our settings: the claim goes back untouched.
            return outcome
        self._results.append(Result(delivery, outcome))
        self._open.discard(delivery.id)
        return outcome if outcome.is_about_server else None

    def _checkpoint(self) -> None:
        """Record what was answered, lengthen the lease, and ask again about the rest."""
        now = utcnow()
        self._record()
        ours = ledger.hold([self._batch.id], worker=self._journal.name, now=now)
        refused, is_stopped = claim.ask_again(self._run, self._open, now=now)
        if ours:
            claim.skip_refused(refused, batch_id=self._batch.id, now=now)
        db.session.commit()
        self._lease.renew()
        self._open -= refused.keys()
        self._is_stopped = self._is_stopped or is_stopped or not ours
        self._checked_at = time.monotonic()

    def _record(self) -> None:
        ledger.record(
            self._results,
            worker=self._journal.name,
            now=utcnow(),
            first_retry_seconds=self._first_retry_seconds,
        )
        held = [result.outcome.reply for result in self._results if result.outcome.verdict is Verdict.HELD]
        if held:
            self._is_stopped |= runs.stop_when_refused(self._campaign_id, held[-1], now=utcnow())
        self._results = []

    def _finish(self, trouble: Outcome | None) -> None:
        """Record the last outcomes and give back what was not tried."""
        now = utcnow()
        self._record()
        ledger.put_back(self._batch.id, worker=self._journal.name, due_at=now + _PROBE if trouble else now)
        if trouble and trouble.verdict is Verdict.HELD:
            reason = f"The mail server refuses us: {trouble.reply}"
            runs.stop_by_itself(self._campaign_id, reason, now=now)
        db.session.commit()


def _try(
    delivery: Claimed,
    person: dict[str, object] | None,
    *,
    composer: Composer,
    courier: Courier,
    journal: Journal,
    lease: _Lease,
) -> Outcome:
    """Compose and hand over one message, with its journal.

    :raises LeaseLost: the claim may be someone else's by now; nothing was sent
    """

    def before_dot() -> None:
        lease.check()
        journal.intends(delivery.id)

    journal.composing(delivery.id)
    outcome: Outcome
    try:
        envelope, message = composer.compose(delivery, person, now=utcnow())
    except MailerError as error:
        outcome = Outcome(Verdict.REJECTED, error.message)
    except Exception as error:
        # A bug of ours must neither block the others nor cost a subscriber: it is held and shown.
        log.exception("Delivery %s could not be composed.", delivery.id)
        outcome = Outcome(Verdict.HELD, f"It could not be composed: {type(error).__name__}: {error}")
    else:
        journal.composed(delivery.id)
        outcome = courier.hand_over(envelope, message, before_dot=before_dot)
    if not outcome.is_about_server:
        journal.answered(delivery.id, outcome)
    return outcome
