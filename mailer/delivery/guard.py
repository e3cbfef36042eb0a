"""The guard of sending domains: pauses what does a domain harm, and says why.

Looks at every domain that sent within a day, several times a minute (``engine.reputation``
has the limits). Whoever resumes a paused campaign arms it again: from then on only what
comes later counts, so that the same complaints never stop it twice.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from mailer.accounts.models import Workspace
from mailer.db import db
from mailer.delivery import runs
from mailer.delivery.engine.mime import ascii_domain
from mailer.delivery.engine.reputation import DAY, HOUR, Counts, Judgement, Level, judge
from mailer.delivery.models import DomainStanding, Message, Run, SendingSum
from mailer.delivery.sending_sums import slot_of

log = logging.getLogger(__name__)


def watch_domains(*, now: datetime) -> None:
    """Judge every domain that sent lately, and stop the campaigns of those that are harmed."""
    sending = db.session.execute(
        select(SendingSum.workspace_id, SendingSum.domain).where(SendingSum.slot > now - DAY).distinct()
    ).all()
    known = {
        (each.workspace_id, each.domain): each
        for each in db.session.scalars(
            select(DomainStanding).where(DomainStanding.workspace_id.in_({row[0] for row in sending}))
        )
    }
    for workspace_id, domain in sorted(sending):
        standing = known.get((workspace_id, domain))
        judgement = judge(
            {
                window: _counts(workspace_id, domain, since=_since(standing, now - window))
                for window in (HOUR, DAY)
            }
        )
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


def _counts(workspace_id: UUID, domain: str, *, since: datetime) -> Counts:
    row = db.session.execute(
        select(
            func.coalesce(func.sum(SendingSum.accepted + SendingSum.rejected), 0),
            func.coalesce(func.sum(SendingSum.complaints), 0),
            func.coalesce(func.sum(SendingSum.refused + SendingSum.hard), 0),
        ).where(
            SendingSum.workspace_id == workspace_id, SendingSum.domain == domain, SendingSum.slot >= since
        )
    ).one()
    return Counts(*map(int, row))


def _since(standing: DomainStanding | None, begin: datetime) -> datetime:
    """Return the first ten minutes that count: after the guard was armed, whole ones."""
    first = slot_of(begin)
    if standing is None or standing.armed_at is None:
        return first
    return max(first, slot_of(standing.armed_at) + timedelta(minutes=10))


def _note(
    standing: DomainStanding | None, workspace_id: UUID, domain: str, judgement: Judgement, *, now: datetime
) -> None:
    if standing is None:
        if judgement.level is Level.GOOD:
            return
        standing = DomainStanding(workspace_id=workspace_id, domain=domain, level=Level.GOOD, changed_at=now)
        db.session.add(standing)
    if standing.level is not judgement.level:
        standing.changed_at = now
        if judgement.level is not Level.GOOD:
            log.warning("%s of workspace %s: %s.", domain, workspace_id, judgement.reason)
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
