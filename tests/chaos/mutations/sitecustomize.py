"""Breaks the sender on purpose, in every process that has this folder on its path.

Python imports a module of this name by itself when it starts. ``MUTATION`` says what is
broken; each of these is a mistake that the storms must find (``test_mutations.py``).
"""

import os

from mailer.db import db
from mailer.delivery import lane, ledger, watch
from mailer.delivery.compose import Composer
from mailer.delivery.engine.outcomes import Outcome, Verdict
from mailer.delivery.journal import Journal
from mailer.delivery.lane import Lane
from mailer.delivery.ledger import Result
from mailer.lib.clock import utcnow


def the_checkpoint_is_moved():
    """Whoever is claimed is recorded as accepted before anything is sent."""
    original = Lane._claim_more

    def claim_more(self, until):
        known = list(self._loads)
        original(self, until)
        for load in self._loads:
            if load not in known:
                accepted = Outcome(Verdict.ACCEPTED, "250 surely", 250)
                results = [Result(delivery, accepted) for delivery in load.line]
                held = ledger.hold([load.batch.id], worker=self._journal.name, now=utcnow())
                ledger.record(results, held=held, now=utcnow(), first_retry_seconds=1)
                db.session.commit()

    Lane._claim_more = claim_more


def nothing_is_journaled():
    """A worker that dies takes what it knows with it, since the last commit."""
    Journal.flush = lambda self: None
    lane._CHECK_SECONDS = 3_600.0


def nobody_listens():
    """Who leaves while a batch is under way is mailed all the same."""
    for kind in (watch._Notices, watch._Changes):
        kind.changed = lambda self: False


def bodies_are_mixed_up():
    """Each message is the one before it, in an envelope of its own."""
    original = Composer.try_to_compose
    last = []

    def compose(self, delivery, person, *, now):
        made = original(self, delivery, person, now=now)
        last.append(made)
        if isinstance(made, Outcome) or isinstance(last[0], Outcome) or len(last) < 2:
            return made
        return made[0], last.pop(0)[1]

    Composer.try_to_compose = compose


if mutation := os.environ.get("MUTATION"):
    globals()[mutation]()
