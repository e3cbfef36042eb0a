"""Sending messages that belong to no campaign: what somebody waits for.

Whoever writes one down rings a bell. Who hears it takes what is due, the longest waiting
first, and goes on while there is more: so a thousand messages cost a few claims, not a
thousand. Until then the bell rings for the next, and for whatever comes meanwhile.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Final
from uuid import UUID

from sqlalchemy import select

from mailer.current import settings
from mailer.db import begin_reading, db
from mailer.delivery import health, ledger
from mailer.delivery.allowance import count_sent
from mailer.delivery.claim import lease
from mailer.delivery.claim_alone import claim_alone, is_anyone_due
from mailer.delivery.compose import Composer, merge_values
from mailer.delivery.domains import identity_of
from mailer.delivery.engine.outcomes import Outcome, Verdict, deferred
from mailer.delivery.engine.ports import LeaseLost
from mailer.delivery.engine.routing import Route
from mailer.delivery.journal import Journal, folder
from mailer.delivery.lane import CLOCK
from mailer.delivery.ledger import Claimed, Result
from mailer.delivery.models import Message
from mailer.delivery.readers import complete
from mailer.delivery.routes import route_for_one
from mailer.delivery.sending_sums import remember_domain
from mailer.delivery.transports import courier_for
from mailer.jobs import DELIVER_TRANSACTIONAL, later
from mailer.lib.clock import utcnow

#: After so long other jobs have their turn, and a process that is told to stop can.
_SHIFT_SECONDS: Final = 2.0
#: Taken together, while servers are quick.
_MOST: Final = 16
#: A message that took longer lets those behind it go, to whoever is free.
_SLOW_SECONDS: Final = 0.25
#: Bytes of files that are held in memory together.
_HEAVIEST: Final = 10 * 1024 * 1024


def deliver_alone() -> None:
    """Send what is due and belongs to no campaign, and ring again when the shift was not enough for it."""
    if not is_anyone_due(now=utcnow()):
        return
    journal = Journal(folder(settings().data_dir))
    try:
        if _serve(journal):
            later(DELIVER_TRANSACTIONAL)
        db.session.commit()
    except BaseException:
        journal.leave()
        raise
    journal.remove()


def _serve(journal: Journal) -> bool:
    """Send for one shift; return whether there may be more."""
    ends = time.monotonic() + _SHIFT_SECONDS
    while time.monotonic() < ends:
        claimed = claim_alone(_pace.together, worker=journal.name, now=utcnow())
        if claimed is not None and claimed.is_more:
            later(DELIVER_TRANSACTIONAL)
        db.session.commit()
        if claimed is None:
            return False
        was_quick = not claimed.deliveries or _Round(claimed.id, claimed.deliveries, journal).deliver()
        _pace.note(was_quick=was_quick)
        # Whoever writes one down from now on rings: to look again for each costs more than to send it.
        if was_quick and not claimed.is_more:
            return False
    return True


class _Pace:
    """How many are taken together: more while servers are quick.

    One that takes its time is met one by one, so that few wait for one.
    """

    def __init__(self) -> None:
        self.together = 1

    def note(self, *, was_quick: bool) -> None:
        """Take more together after a quick round, and a single one after a slow one."""
        self.together = min(4 * self.together, _MOST) if was_quick else 1


#: Of this process; as servers were a moment ago, they are now.
_pace: Final = _Pace()


@dataclass(frozen=True)
class _Ready:
    """A delivery with all that it takes to send it."""

    delivery: Claimed
    composer: Composer
    route: Route | None


class _Round:
    """What is done with a few deliveries that were claimed together."""

    def __init__(self, batch_id: UUID, deliveries: Sequence[Claimed], journal: Journal) -> None:
        self._batch_id, self._deliveries, self._journal = batch_id, deliveries, journal
        self._lease_ends = time.clock_gettime(CLOCK) + lease().total_seconds()
        self._results: list[Result] = []
        self._met: list[tuple[Route, Outcome]] = []

    def deliver(self) -> bool:
        """Send them, one after another; return whether it went quickly."""
        ready = self._prepared()
        was_quick = True
        for each in ready:
            began = time.monotonic()
            try:
                self._send(each)
            except LeaseLost:
                was_quick = False
            was_quick = was_quick and time.monotonic() - began < _SLOW_SECONDS
            if not was_quick:
                break
        self._write_down()
        return was_quick and len(self._results) == len(self._deliveries)

    def _prepared(self) -> list[_Ready]:
        """Read all that it takes, so that no transaction is open while servers are spoken to."""
        begin_reading()
        ids = {each.message_id for each in self._deliveries}
        messages = {row.id: row for row in db.session.scalars(select(Message).where(Message.id.in_(ids)))}
        composers: dict[UUID, Composer] = {}
        # Most are of one workspace and one domain: what is to be known of these is asked once.
        identify, route_of = cache(identity_of), cache(partial(route_for_one, now=utcnow()))
        ready: list[_Ready] = []
        weight = 0
        for delivery in self._deliveries:
            message = messages[delivery.message_id]
            if message.id not in composers:
                weight += _weight_of(message)
                if ready and weight > _HEAVIEST:
                    break
                composers[message.id] = Composer(message, identify=identify)
                remember_domain(message.id, composers[message.id].from_domain)
            composer = composers[message.id]
            route = route_of(delivery.workspace_id, composer.from_domain)
            delivery.reader = delivery.reader or merge_values(None, delivery.email)
            complete({delivery.id: delivery.reader}, [delivery], composer.rare_names)
            ready.append(_Ready(delivery, composer, route))
        for message in messages.values():
            db.session.expunge(message)
        db.session.commit()
        return ready

    def _send(self, ready: _Ready) -> None:
        delivery = ready.delivery
        self._journal.composing(delivery.id)
        made = ready.composer.try_to_compose(delivery, delivery.reader, now=utcnow())
        self._journal.composed()
        if isinstance(made, Outcome):
            outcome = made
        elif ready.route is None:
            outcome = deferred("No server of this workspace takes mail from this domain.")
        else:
            outcome = courier_for(ready.route.server).hand_over(*made, before_dot=self._before_dot(delivery))
        if ready.route is not None:
            self._met.append((ready.route, outcome))
        self._note(delivery, outcome)

    def _before_dot(self, delivery: Claimed) -> Callable[[], None]:
        def check() -> None:
            if time.clock_gettime(CLOCK) >= self._lease_ends:
                raise LeaseLost
            self._journal.intends([delivery.id])

        return check

    def _note(self, delivery: Claimed, outcome: Outcome) -> None:
        self._journal.answered(delivery.id, outcome)
        self._journal.flush()
        self._results.append(Result(delivery, outcome))

    def _write_down(self) -> None:
        """Bring the ledger up to the journal, and let go of what was not tried."""
        now, worker = utcnow(), self._journal.name
        ledger.record(
            self._results, worker=worker, now=now, first_retry_seconds=settings().retry_first_seconds
        )
        ledger.put_back(self._batch_id, worker=worker, due_at=now)
        for route, outcome in self._met:
            _tell_health(route, outcome)
        taken = Counter(
            each.delivery.workspace_id for each in self._results if each.outcome.verdict is Verdict.ACCEPTED
        )
        for workspace_id, count in sorted(taken.items()):
            count_sent(workspace_id, count, now)
        if len(self._results) < len(self._deliveries):
            later(DELIVER_TRANSACTIONAL)
        db.session.commit()


def _weight_of(message: Message) -> int:
    return sum(each.byte_count for each in message.attachments) if message.attachment_count else 0


def _tell_health(route: Route, outcome: Outcome) -> None:
    """Tell all workers how a server is, if that is news."""
    if outcome.is_about_server:
        health.note_failure(route.key, outcome.reply, now=utcnow())
    elif route.trouble is not None and outcome.verdict is Verdict.ACCEPTED:
        health.note_recovery(route.key)
