"""Starting, stopping and ending a campaign's run.

``campaigns`` calls the first four; the end is announced to it by signal.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, cast
from uuid import UUID

from sqlalchemy import Table, bindparam, exists, select, update

from mailer import signals
from mailer.db import db
from mailer.delivery import ledger
from mailer.delivery.arm_guard import arm_guard
from mailer.delivery.models import DeliveryCount, DeliveryState, Message, Run, RunMessage, SkipReason
from mailer.driver import Change, Question
from mailer.errors import NotFound
from mailer.jobs import DELIVER_DUE, PREPARE_CAMPAIGN, later
from mailer.lib.clock import utcnow
from mailer.rendering.locales import normal_locale

#: So many refusals that are about us, and so large a share of what was tried, stop a run:
#: going on would only deepen them.
_HELD_LIMIT: Final = 10
_HELD_SHARE: Final = 0.05
#: Beyond this many the share no longer matters.
_HELD_AT_MOST: Final = 1_000
_RUNS: Final = cast(Table, Run.__table__)
_COUNTS: Final = cast(Table, DeliveryCount.__table__)
_CANCELLED: Final = Question(
    select(_RUNS.c.campaign_id).where(
        _RUNS.c.campaign_id == bindparam("asked_campaign"), _RUNS.c.cancelled_at.is_not(None)
    )
)
_END: Final = Change(
    update(_RUNS)
    .where(
        _RUNS.c.campaign_id == bindparam("asked_campaign"),
        _RUNS.c.ended_at.is_(None),
        _RUNS.c.prepared_at.is_not(None),
        ~exists().where(
            _COUNTS.c.campaign_id == bindparam("asked_campaign"),
            _COUNTS.c.state == DeliveryState.PREPARED,
            _COUNTS.c.count > 0,
        ),
    )
    .values(ended_at=bindparam("now"))
)


def start(
    message: Message,
    *,
    campaign_id: UUID,
    list_ids: Sequence[UUID],
    now: datetime,
    weight: int = 100,
    in_languages: Mapping[str, Message] | None = None,
) -> Run:
    """Begin to send a frozen message to the subscribers of some lists.

    :param in_languages: what readers of a locale, or of any kind of it, get instead
    :param weight: its part of the workspace's share; 100 is everybody's
    """
    run = Run(
        campaign_id=campaign_id,
        workspace_id=message.workspace_id,
        message_id=message.id,
        list_ids=[str(list_id) for list_id in list_ids],
        started_at=now,
        weight=weight,
    )
    db.session.add(run)
    db.session.flush()
    for locale, other in (in_languages or {}).items():
        db.session.add(RunMessage(campaign_id=campaign_id, locale=normal_locale(locale), message_id=other.id))
    db.session.flush()
    later(PREPARE_CAMPAIGN, str(campaign_id))
    return run


def stop(campaign_id: UUID, *, now: datetime) -> None:
    """Stop claiming; workers that hold claims give them back within a second."""
    db.session.execute(update(Run).where(Run.campaign_id == campaign_id).values(stopped_at=now))


def resume(campaign_id: UUID) -> None:
    """Go on; what is held stays so, and only new refusals can stop it again."""
    run = _run(campaign_id)
    arm_guard(run.workspace_id, run.message.from_email, now=utcnow())
    run.stopped_at, run.ended_at, run.waits_until = None, None, None
    run.held_before = ledger.counts_of(campaign_id)[DeliveryState.HELD]
    db.session.flush()
    if run.prepared_at:
        later(DELIVER_DUE)
    else:
        later(PREPARE_CAMPAIGN, str(campaign_id))


def cancel(campaign_id: UUID, *, now: datetime) -> int:
    """Stop for good; return how many of those who waited are now skipped."""
    run = _run(campaign_id)
    run.stopped_at, run.cancelled_at = run.stopped_at or now, now
    run.prepared_at = run.prepared_at or now
    db.session.flush()
    return ledger.skip_waiting(campaign_id, SkipReason.CANCELLED, now=now)


def stop_when_refused(campaign_id: UUID, reply: str, *, now: datetime) -> bool:
    """Stop a run whose messages are refused because of us, and tell why; return whether it did."""
    run = _run(campaign_id)
    counts = ledger.counts_of(campaign_id)
    held = counts[DeliveryState.HELD] - run.held_before
    tried = held + counts[DeliveryState.ACCEPTED] + counts[DeliveryState.REJECTED]
    if held < _HELD_LIMIT or (held < tried * _HELD_SHARE and held < _HELD_AT_MOST):
        return False
    return stop_by_itself(
        campaign_id,
        f"{held} messages were refused because of the sender, not their address: {reply}",
        now=now,
    )


def stop_by_itself(campaign_id: UUID, reason: str, *, now: datetime) -> bool:
    """Stop a run that nobody asked to stop, and tell why; return whether it was still going."""
    stopped = db.session.execute(
        update(Run)
        .where(Run.campaign_id == campaign_id, Run.stopped_at.is_(None))
        .values(stopped_at=now)
        .returning(Run.campaign_id)
    ).scalar()
    if stopped is None:
        return False
    signals.campaign_held.send(campaign_id, reason=reason[:500])
    return True


def wait(campaign_id: UUID, reason: str, *, until: datetime) -> None:
    """Claim nothing of a run before a moment: a cap is reached, or its servers are in trouble."""
    db.session.execute(
        update(Run)
        .where(Run.campaign_id == campaign_id)
        .values(waits_until=until, wait_reason=reason[:500])
        .execution_options(synchronize_session=False)
    )


def look_again(workspace_id: UUID) -> None:
    """Let runs that wait try at once: what they wait for was changed."""
    db.session.execute(
        update(Run)
        .where(Run.workspace_id == workspace_id, Run.ended_at.is_(None), Run.waits_until.is_not(None))
        .values(waits_until=None, wait_reason="")
        .execution_options(synchronize_session=False)
    )


def end_when_quiet(campaign_id: UUID, *, now: datetime) -> bool:
    """Announce that nothing of a campaign waits any more, once; return whether it did."""
    about = {"asked_campaign": campaign_id}
    if _CANCELLED.ask([about]):
        # What a worker held at the time came back after the others were skipped.
        ledger.skip_waiting(campaign_id, SkipReason.CANCELLED, now=now)
    if not _END.make({**about, "now": now}).number:
        return False
    signals.campaign_quiet.send(campaign_id)
    return True


def waiting_count(campaign_id: UUID) -> int:
    """Return how many deliveries of a campaign have not ended, by its counts."""
    return ledger.counts_of(campaign_id)[DeliveryState.PREPARED]


def reopen(campaign_id: UUID) -> None:
    """Let a run that had ended send again what an operator put back, and tell its campaign."""
    run = _run(campaign_id)
    if run.ended_at is not None:
        run.ended_at = None
        db.session.flush()
        signals.campaign_reopened.send(campaign_id)
    later(DELIVER_DUE)


def _run(campaign_id: UUID) -> Run:
    run = db.session.get(Run, campaign_id)
    if run is None:
        raise NotFound("This campaign was never launched.")
    return run
