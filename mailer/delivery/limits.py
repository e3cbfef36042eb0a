"""What an operator allows: caps, a warm-up, and how much some mailbox domains get."""

from collections.abc import Sequence
from math import inf
from uuid import UUID

from sqlalchemy import select

from mailer.db import db
from mailer.delivery import runs
from mailer.delivery.engine.throttle import Limit
from mailer.delivery.engine.warm_up import WarmUp
from mailer.delivery.models import GIVE_UP_AFTER_HOURS, DomainLimit, SendingLimits
from mailer.errors import Conflict


def save_limits(
    workspace_id: UUID,
    *,
    per_hour: int | None,
    per_day: int | None,
    warm_up: WarmUp | None,
    give_up_after_hours: int = GIVE_UP_AFTER_HOURS,
) -> None:
    """Cap what a workspace sends; runs that waited for a cap try again at once.

    :param warm_up: none ends it
    :param give_up_after_hours: how long what a server keeps putting off is tried
    """
    limits = db.session.get(SendingLimits, workspace_id) or SendingLimits(workspace_id=workspace_id)
    limits.per_hour, limits.per_day = per_hour, per_day
    limits.give_up_after_hours = give_up_after_hours
    limits.warm_up_starts_on = warm_up.starts_on if warm_up is not None else None
    if warm_up is not None:
        limits.warm_up_first = warm_up.first
        limits.warm_up_factor = warm_up.factor
        limits.warm_up_target = warm_up.target
    db.session.add(limits)
    db.session.flush()
    runs.look_again(workspace_id)


def domain_limits(workspace_id: UUID) -> Sequence[DomainLimit]:
    """Return a workspace's limits for mailbox domains, the oldest first."""
    return db.session.scalars(
        select(DomainLimit).where(DomainLimit.workspace_id == workspace_id).order_by(DomainLimit.id)
    ).all()


def save_domain_limit(
    workspace_id: UUID,
    domains: Sequence[str],
    *,
    per_second: float | None,
    concurrent: int | None,
    limit: DomainLimit | None = None,
) -> DomainLimit:
    """Limit what some mailbox domains get, which count as one.

    :param limit: the one to change; none makes a new one
    :raises Conflict: another limit names one of the domains
    """
    for other in domain_limits(workspace_id):
        twice = set(other.domains) & set(domains)
        if twice and (limit is None or other.id != limit.id):
            raise Conflict(f"{min(twice)} has a limit already.")
    if limit is None:
        limit = DomainLimit(workspace_id=workspace_id)
        db.session.add(limit)
    limit.domains, limit.per_second, limit.concurrent = list(domains), per_second, concurrent
    db.session.flush()
    return limit


def remove_domain_limit(limit: DomainLimit) -> None:
    """Let some mailbox domains have what they bear again."""
    db.session.delete(limit)
    db.session.flush()


def limits_for_throttle(workspace_id: UUID) -> list[Limit]:
    """Return a workspace's limits for mailbox domains as the engine reads them."""
    return [
        Limit(tuple(each.domains), per_second=each.per_second or inf, concurrent=each.concurrent or inf)
        for each in domain_limits(workspace_id)
    ]
