"""What an operator decides about deliveries that stopped: try them, give them up, take them as arrived.

A decision is a row: who, what, about which ones. What is ticked is done at once; one
about all that match is carried out a few thousand at a time, by a job that goes on from
the row wherever it was left.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select

from mailer.accounts.models import User
from mailer.db import db
from mailer.delivery import ledger, runs
from mailer.delivery.models import Decision, DecisionKind, DeliveryState, Run, Standing
from mailer.delivery.selection import Selection, next_ids
from mailer.errors import Conflict, Invalid
from mailer.jobs import CARRY_OUT_DECISION, later

_AT_ONCE: Final = 2_000

#: What can be decided about deliveries of a standing.
CHOICES: Final[dict[Standing, tuple[DecisionKind, ...]]] = {
    Standing.DEFERRED: (DecisionKind.RETRY, DecisionKind.GIVE_UP),
    Standing.HELD: (DecisionKind.RETRY, DecisionKind.GIVE_UP),
    Standing.IN_DOUBT: (DecisionKind.ARRIVED, DecisionKind.SEND_AGAIN),
}
_PUTS_BACK: Final = frozenset({DecisionKind.RETRY, DecisionKind.SEND_AGAIN})


def decide(
    run: Run,
    kind: DecisionKind,
    selection: Selection,
    chosen: Sequence[UUID] | None,
    *,
    by: User,
    now: datetime,
) -> Decision:
    """Write a decision down and carry it out, or begin to.

    :param chosen: some of the selection, or None for all that match
    :raises Invalid: it cannot be decided about these
    :raises Conflict: the campaign was cancelled, so that nothing more may be sent
    """
    if kind not in CHOICES.get(selection.standing, ()):
        raise Invalid("This cannot be decided about these deliveries.")
    if kind in _PUTS_BACK and run.cancelled_at is not None:
        raise Conflict("This campaign was cancelled; nothing more of it is sent.")
    decision = Decision(
        workspace_id=run.workspace_id,
        campaign_id=run.campaign_id,
        user_id=by.id,
        made_by=by.name or by.email,
        kind=kind,
        standing=selection.standing,
        is_for_all=chosen is None,
        words=selection.words,
        domain=selection.domain,
        search=selection.search,
        moved_count=0,
    )
    db.session.add(decision)
    db.session.flush()
    if chosen is None:
        _go_on(decision, now=now)
    else:
        _move(decision, chosen, now=now)
        decision.ended_at = now
        db.session.flush()
    return decision


def carry_out_decision(decision_id: UUID, *, now: datetime) -> None:
    """Go on with a decision about all that match."""
    # Locked, so that two jobs for it do not do the same part.
    decision = db.session.get(Decision, decision_id, with_for_update=True)
    if decision is not None and decision.ended_at is None:
        _go_on(decision, now=now)


def sweep_decisions() -> None:
    """Ring again for what is not carried out yet."""
    for decision_id in db.session.scalars(select(Decision.id).where(Decision.ended_at.is_(None))):
        later(CARRY_OUT_DECISION, str(decision_id))


def _go_on(decision: Decision, *, now: datetime) -> None:
    selection = Selection(
        decision.workspace_id,
        decision.campaign_id,
        decision.standing,
        words=decision.words,
        domain=decision.domain,
        search=decision.search,
    )
    chosen, end = next_ids(selection, after=decision.reached_id, size=_AT_ONCE)
    _move(decision, chosen, now=now)
    # Only ever onwards: what comes back to its standing meanwhile is not decided about twice.
    decision.reached_id = end
    if end is None:
        decision.ended_at = now
    else:
        later(CARRY_OUT_DECISION, str(decision.id))
    db.session.flush()


def _move(decision: Decision, chosen: Sequence[UUID], *, now: datetime) -> None:
    campaign_id = decision.campaign_id
    match decision.kind, decision.standing:
        case DecisionKind.RETRY, Standing.HELD:
            moved = ledger.retry_held(campaign_id, deliveries=chosen, now=now)
        case DecisionKind.RETRY, _:
            moved = ledger.retry_deferred(campaign_id, deliveries=chosen, now=now)
        case DecisionKind.GIVE_UP, standing:
            origin = DeliveryState.HELD if standing is Standing.HELD else DeliveryState.PREPARED
            moved = ledger.give_up(
                campaign_id, deliveries=chosen, origin=origin, by=decision.made_by, now=now
            )
        case DecisionKind.ARRIVED, _:
            moved = ledger.mark_arrived(campaign_id, deliveries=chosen, now=now)
        case DecisionKind.SEND_AGAIN, _:
            moved = ledger.send_again(campaign_id, deliveries=chosen, now=now)
    decision.moved_count += moved
    if moved and decision.kind in _PUTS_BACK:
        runs.reopen(campaign_id)
