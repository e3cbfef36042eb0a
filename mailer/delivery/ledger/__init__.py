"""The ledger: the only code that changes the state of a delivery.

Every change is one statement that names the state it comes from, and the campaign's
counts move in the same transaction, so that the audience is always the sum of the
states. ``claim`` hands the batches out; a try's outcome counts only from whoever holds
the delivery's batch.
"""

from mailer.delivery.ledger.claimed import CLAIMED_COLUMNS, Claimed, Result
from mailer.delivery.ledger.counts import count, counts_of, recount
from mailer.delivery.ledger.moves import (
    adopt_orphans,
    cancel_alone,
    give_up,
    mark_arrived,
    note_crash,
    postpone,
    put_back,
    put_in_doubt,
    reject,
    reschedule_alone,
    retry_deferred,
    retry_held,
    send_again,
    skip,
    skip_waiting,
)
from mailer.delivery.ledger.tries import hold, record

__all__ = [
    "CLAIMED_COLUMNS",
    "Claimed",
    "Result",
    "adopt_orphans",
    "cancel_alone",
    "count",
    "counts_of",
    "give_up",
    "hold",
    "mark_arrived",
    "note_crash",
    "postpone",
    "put_back",
    "put_in_doubt",
    "record",
    "recount",
    "reject",
    "reschedule_alone",
    "retry_deferred",
    "retry_held",
    "send_again",
    "skip",
    "skip_waiting",
]
