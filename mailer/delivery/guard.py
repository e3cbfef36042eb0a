"""The guard of sending domains: pauses what does a domain harm, and says why.

Looks at every domain that sent within a day, several times a minute (``engine.reputation``
has the limits). Whoever resumes a paused campaign arms it again: from then on only what
comes later counts, so that the same complaints never stop it twice.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, select

from mailer.accounts.models import Workspace
from mailer.db import db
from mailer.delivery import runs
from mailer.delivery.engine.reputation import DAY, HOUR, Counts, Judgement, Level, judge
from mailer.delivery.models import DomainStanding, Message, Run, SendingSum
from mailer.delivery.sending_sums import slot_of
from mailer.delivery.warn_owners import warn_owners
from mailer.lib.addresses import ascii_domain

log = logging.getLogger(__name__)

_QUIET: Final = timedelta(days=1)
_TOLD: Final = {
    Level.WARN: "Its campaigns still go out, and stop by themselves once this doubles",
    Level.PAUSE: "Its campaigns are stopped, and go on when somebody resumes them",
}


def watch_domains(*, now: datetime) -> None:
    """Judge every domain that sent lately, and stop the campaigns of those that are harmed."""
    begin = {window: slot_of(now - window) for window in (HOUR, DAY)}
    # Of all domains at once: most were never in trouble, and count from the same moments.
    counts = _counts(begin)
    known = {(each.workspace_id, each.domain): each for each in db.session.scalars(select(DomainStanding))}
    for workspace_id, domain in sorted(counts):
        standing = known.get((workspace_id, domain))
        within = counts[workspace_id, domain]
        if standing is not None and standing.armed_at is not None:
            afresh = {window: _since(standing.armed_at, at) for window, at in begin.items()}
            of_it = (SendingSum.workspace_id == workspace_id, SendingSum.domain == domain)
            within = _counts(afresh, *of_it).get((workspace_id, domain), {})
        judgement = judge(within)
        _note(standing, workspace_id, domain, judgement, now=now)
        if judgement.level is Level.PAUSE:
            _pause(workspace_id, domain, judgement.reason, now=now)
    db.session.flush()


def standings_of(workspace: Workspace) -> Sequence[DomainStanding]:
    """Return the domains of a workspace that are in trouble, the gravest first."""
    return db.session.scalars(
        select(DomainStanding)
        .where(DomainStanding.workspace_id == workspace.id, DomainStanding.level != Level.GOOD)
        .order_by(DomainStanding.level, DomainStanding.domain)
    ).all()


def _counts(
    begin: Mapping[timedelta, datetime], *which: ColumnElement[bool]
) -> dict[tuple[UUID, str], dict[timedelta, Counts]]:
    """Return what the mail of domains came to, within each window.

    :param begin: when each window begins
    """
    figures = (
        SendingSum.accepted + SendingSum.rejected,
        SendingSum.complaints,
        SendingSum.refused + SendingSum.hard,
    )
    sums = [
        func.coalesce(func.sum(case((SendingSum.slot >= at, figure), else_=0)), 0)
        for at in begin.values()
        for figure in figures
    ]
    rows = db.session.execute(
        select(SendingSum.workspace_id, SendingSum.domain, *sums)
        .where(SendingSum.slot >= min(begin.values()), *which)
        .group_by(SendingSum.workspace_id, SendingSum.domain)
    )
    size = len(figures)
    return {
        (row[0], row[1]): {
            window: Counts(*map(int, row[2 + size * place : 2 + size * (place + 1)]))
            for place, window in enumerate(begin)
        }
        for row in rows
    }


def _since(armed_at: datetime, begin: datetime) -> datetime:
    """Return the first ten minutes that count: after the guard was armed, whole ones."""
    return max(begin, slot_of(armed_at) + timedelta(minutes=10))


def _note(
    standing: DomainStanding | None, workspace_id: UUID, domain: str, judgement: Judgement, *, now: datetime
) -> None:
    if standing is None:
        if judgement.level is Level.GOOD:
            return
        standing = DomainStanding(
            workspace_id=workspace_id, domain=domain, level=Level.GOOD, changed_at=now - _QUIET
        )
        db.session.add(standing)
    if standing.level is not judgement.level:
        if judgement.level is not Level.GOOD:
            log.warning("%s of workspace %s: %s.", domain, workspace_id, judgement.reason)
            # A rate that swings about the limit is told once; that sending stopped, each time.
            if judgement.level is Level.PAUSE or standing.changed_at <= now - _QUIET:
                warn_owners(workspace_id, domain, [f"{_TOLD[judgement.level]}: {judgement.reason}."])
        standing.changed_at = now
    standing.level, standing.reason = judgement.level, judgement.reason


def _pause(workspace_id: UUID, domain: str, reason: str, *, now: datetime) -> None:
    under_way = db.session.execute(
        select(Run.campaign_id, Message.from_email)
        .join(Message, Message.id == Run.message_id)
        .where(Run.workspace_id == workspace_id, Run.ended_at.is_(None), Run.stopped_at.is_(None))
    ).all()
    for campaign_id, from_email in under_way:
        if ascii_domain(from_email).rpartition("@")[2] != domain:
            continue
        words = f"Sending from {domain} would harm it: {reason}. Resuming counts afresh."
        if runs.stop_by_itself(campaign_id, words, now=now):
            log.warning("Campaign %s is paused: %s", campaign_id, words)
