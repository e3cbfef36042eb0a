"""Sending messages that belong to no campaign: what somebody waits for.

Whoever writes one down rings a bell. Who hears it takes what is due, the longest waiting
first, and then attends for a while: looks by itself every moment, so that the bell need not
ring for each. A thousand messages cost a few claims, and few questions to the broker. Should
a server be slow, others hear the bell again.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from threading import Event
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, select

from mailer.current import settings
from mailer.db import DATABASE_AWAY, db
from mailer.delivery import health, ledger
from mailer.delivery.allowance import count_sent
from mailer.delivery.claim import lease
from mailer.delivery.claim_alone import ClaimedAlone, claim_alone, is_anyone_due
from mailer.delivery.compose import Composer, merge_values
from mailer.delivery.domains import Identity, identity_of
from mailer.delivery.engine.outcomes import Outcome, Verdict, deferred
from mailer.delivery.engine.ports import LeaseLost
from mailer.delivery.engine.routing import Route
from mailer.delivery.journal import Journal, folder
from mailer.delivery.lane import CLOCK
from mailer.delivery.ledger import Claimed, Result
from mailer.delivery.models import Message, SkipReason
from mailer.delivery.readers import complete
from mailer.delivery.routes import route_for_one, routes_for
from mailer.delivery.sending_sums import remember_domain
from mailer.delivery.transports import courier_for
from mailer.jobs import DELIVER_TRANSACTIONAL, Attendance, attend, later
from mailer.lib.clock import utcnow

log = logging.getLogger(__name__)

#: After so long whoever does not attend gives other jobs their turn.
_SHIFT_SECONDS: Final = 2.0
#: After so long whoever attends begins a new journal.
_ATTENDING_SECONDS: Final = 60.0
#: How often they look, and for how long after the last message.
_LOOK_SECONDS: Final = 0.05
_LINGER_SECONDS: Final = 0.25
#: Taken together, while servers are quick.
_MOST: Final = 16
#: What was taken together and took longer is let go, but for the one that is under way, to whoever is free.
_SLOW_SECONDS: Final = 0.25
#: For so long is believed what was read of servers and domains.
_BELIEVED_SECONDS: Final = 1.0
#: Bytes of files that are held in memory together.
_HEAVIEST: Final = 10 * 1024 * 1024

_MESSAGES: Final = select(Message).where(Message.id.in_(bindparam("asked", expanding=True)))
_is_closing: Final = Event()


def deliver_alone() -> None:
    """Send what is due and belongs to no campaign, and ring again when the shift was not enough for it."""
    if not is_anyone_due(now=utcnow()):
        db.session.rollback()
        return
    journal = Journal(folder(settings().data_dir))
    try:
        # Of a process's only thread other jobs need their part.
        with attend(DELIVER_TRANSACTIONAL, if_=settings().worker_threads > 1) as bell:
            _Shift(journal, bell).serve()
    except BaseException:
        journal.leave()
        raise
    journal.remove()


def stop_attending() -> None:
    """Let whoever attends go home after what is in hand: their process is told to stop."""
    _is_closing.set()


class _Shift:
    """What one thread does until it has no more to do, or it is another's turn."""

    def __init__(self, journal: Journal, bell: Attendance) -> None:
        self.journal, self.bell = journal, bell
        self.believe_nothing()

    def serve(self) -> None:
        """Send what is due, and what comes while somebody attends."""
        busy_at = time.monotonic()
        ends_at = busy_at + (_ATTENDING_SECONDS if self.bell.is_attended else _SHIFT_SECONDS)
        is_due = True
        while True:
            self.bell.keep_silent()
            began = time.monotonic()
            claimed = self._claim() if is_due or is_anyone_due(now=utcnow()) else None
            is_due = claimed is not None and claimed.is_more
            if claimed is not None:
                busy_at = began
                work = _Round(claimed, self)
                work.deliver()
                _pace.note(was_quick=not work.is_slow)
                if work.is_slow:
                    break
                is_due = is_due or work.is_too_much
            if time.monotonic() >= ends_at or _is_closing.is_set():
                break
            if not is_due:
                # Without attendance, whoever writes one down from now on rings.
                if not self.bell.is_attended or began - busy_at > _LINGER_SECONDS:
                    break
                # On PostgreSQL the look began a transaction.
                db.session.commit()
                _is_closing.wait(began + _LOOK_SECONDS - time.monotonic())
        self.bell.leave()
        if is_anyone_due(now=utcnow()):
            later(DELIVER_TRANSACTIONAL)
        db.session.commit()

    def identify(self, workspace_id: UUID, from_domain: str) -> Identity:
        """Return as what mail from a domain appears (``identity_of``), as it was a moment ago."""
        return self._identify(workspace_id, from_domain)

    def route_of(self, workspace_id: UUID, from_domain: str) -> Route | None:
        """Return by which server a message leaves."""
        return route_for_one(self._routes_for(workspace_id, from_domain), now=utcnow())

    def believe_nothing(self) -> None:
        """Ask again for what is known of servers and domains."""
        self._identify, self._routes_for = cache(identity_of), cache(routes_for)
        self._believed_since = time.monotonic()

    def _claim(self) -> ClaimedAlone | None:
        if time.monotonic() - self._believed_since > _BELIEVED_SECONDS:
            self.believe_nothing()
        claimed = claim_alone(_pace.together, worker=self.journal.name, now=utcnow())
        if claimed is not None and claimed.is_more and not self.bell.is_attended:
            later(DELIVER_TRANSACTIONAL)
        return claimed


class _Pace:
    """How many are taken together: more while servers are quick.

    One that takes its time is met one by one. Should it have become slow since, those that were
    taken with a message wait no longer than until that is noticed.
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
    """What is done with a few deliveries that were claimed together.

    :ivar is_slow: whether a server took its time, so that the others were let go
    """

    def __init__(self, claimed: ClaimedAlone, shift: _Shift) -> None:
        self._claimed, self._shift, self._journal = claimed, shift, shift.journal
        self._lease_ends = time.clock_gettime(CLOCK) + lease().total_seconds()
        self._began = time.monotonic()
        #: What was begun, and of that what has ended.
        self._begun: set[UUID] = set()
        self._results: list[Result] = []
        self._met: list[tuple[Route, Outcome]] = []
        self.is_slow = False

    @property
    def is_too_much(self) -> bool:
        """Whether some of them were not tried."""
        return len(self._results) < len(self._claimed.deliveries)

    def deliver(self) -> None:
        """Send them, one after another, until it takes too long."""
        ready = self._prepared()
        self._began = time.monotonic()
        for each in ready:
            self._begun.add(each.delivery.id)
            try:
                self._send(each)
            except LeaseLost:
                self.is_slow = True
            # After the last nobody waits for it, and others would hear the bell later than we look.
            if each is not ready[-1]:
                self._look_at_clock()
            if self.is_slow:
                break
        self._write_down()

    def _prepared(self) -> list[_Ready]:
        """Read all that it takes, so that no transaction is open while servers are spoken to."""
        ids = {each.message_id for each in self._claimed.deliveries}
        messages = {row.id: row for row in db.session.scalars(_MESSAGES, {"asked": ids})} if ids else {}
        composers: dict[UUID, Composer] = {}
        ready: list[_Ready] = []
        weight = 0
        for delivery in self._claimed.deliveries:
            message = messages[delivery.message_id]
            if message.id not in composers:
                weight += _weight_of(message)
                if ready and weight > _HEAVIEST:
                    break
                composers[message.id] = Composer(message, identify=self._shift.identify)
                remember_domain(message.id, composers[message.id].from_domain)
            composer = composers[message.id]
            route = self._shift.route_of(delivery.workspace_id, composer.from_domain)
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
            outcome = courier_for(ready.route.server).hand_over(
                *made, before_dot=self._before_dot(delivery), while_waiting=self._look_at_clock
            )
        if ready.route is not None:
            self._met.append((ready.route, outcome))
        self._note(delivery, outcome)

    def _before_dot(self, delivery: Claimed) -> Callable[[], None]:
        def check() -> None:
            if time.clock_gettime(CLOCK) >= self._lease_ends:
                raise LeaseLost
            self._journal.intends([delivery.id])

        return check

    def _look_at_clock(self) -> None:
        """Notice once that it has become slow, and let others have what was not begun.

        A server may have a message in hand: nothing that the database does may hang up on it.
        """
        if self.is_slow or time.monotonic() - self._began < _SLOW_SECONDS:
            return
        self.is_slow = True
        try:
            self._let_go()
        except DATABASE_AWAY as error:
            log.warning("The database is away (%s); the messages that wait are let go later.", error)
            db.session.rollback()

    def _let_go(self) -> None:
        """Give those back that were not begun, and leave the bell to others."""
        now = utcnow()
        waiting = [each.id for each in self._claimed.deliveries if each.id not in self._begun]
        ledger.postpone(dict.fromkeys(waiting, now), batch_id=self._claimed.id)
        self._shift.bell.leave()
        if waiting or is_anyone_due(now=now):
            later(DELIVER_TRANSACTIONAL)
        db.session.commit()

    def _note(self, delivery: Claimed, outcome: Outcome) -> None:
        self._journal.answered(delivery.id, outcome)
        self._journal.flush()
        self._results.append(Result(delivery, outcome))

    def _write_down(self) -> None:
        """Bring the ledger up to the journal, and let go of what was not tried."""
        now, worker, batch_id = utcnow(), self._journal.name, self._claimed.id
        held = ledger.hold([batch_id], worker=worker, now=now)
        ledger.record(self._results, held=held, now=now, first_retry_seconds=settings().retry_first_seconds)
        ledger.skip(self._claimed.refused, SkipReason.SUPPRESSED, batch_id=batch_id, now=now)
        ledger.put_back(batch_id, worker=worker, due_at=now)
        for route, outcome in self._met:
            if _tell_health(route, outcome):
                self._shift.believe_nothing()
        taken = Counter(
            each.delivery.workspace_id for each in self._results if each.outcome.verdict is Verdict.ACCEPTED
        )
        for workspace_id, count in sorted(taken.items()):
            count_sent(workspace_id, count, now)
        if self.is_too_much:
            later(DELIVER_TRANSACTIONAL)
        db.session.commit()


def _weight_of(message: Message) -> int:
    return sum(each.byte_count for each in message.attachments) if message.attachment_count else 0


def _tell_health(route: Route, outcome: Outcome) -> bool:
    """Tell all workers how a server is, if that is news; return whether it was."""
    if outcome.is_about_server:
        health.note_failure(route.key, outcome.reply, now=utcnow())
    elif route.trouble is not None and outcome.verdict is Verdict.ACCEPTED:
        health.note_recovery(route.key)
    else:
        return False
    return True
