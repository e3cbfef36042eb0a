"""What an operator decides about deliveries that stopped: send after all, or take them as arrived."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from mailer.delivery import ledger, runs
from mailer.delivery.models import Run
from mailer.errors import Conflict


class Decision(StrEnum):
    """What can be decided."""

    #: Held: refused because of us, and the cause is mended.
    RETRY = "retry"
    #: In doubt: evidence says that it is there.
    ARRIVED = "arrived"
    #: In doubt: better twice than never, under the same Message-ID.
    SEND_AGAIN = "send_again"


def resolve(run: Run, decision: Decision, deliveries: Sequence[UUID] | None, *, now: datetime) -> int:
    """Carry a decision out, for some deliveries of a run or for all that it is about.

    :return: how many were moved
    :raises Conflict: the campaign was cancelled, so that nothing more may be sent
    """
    if decision is Decision.ARRIVED:
        return ledger.mark_arrived(run.campaign_id, deliveries=deliveries, now=now)
    if run.cancelled_at is not None:
        raise Conflict("This campaign was cancelled; nothing more of it is sent.")
    put_back = ledger.retry_held if decision is Decision.RETRY else ledger.send_again
    moved = put_back(run.campaign_id, deliveries=deliveries, now=now)
    if moved:
        runs.reopen(run.campaign_id)
    return moved
