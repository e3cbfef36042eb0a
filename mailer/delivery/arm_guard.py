"""Arming the guard again: what a domain's mail came to before counts no more."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import update

from mailer.db import db
from mailer.delivery.engine.reputation import Level
from mailer.delivery.models import DomainStanding
from mailer.lib.addresses import ascii_domain


def arm_guard(workspace_id: UUID, from_email: str, *, now: datetime) -> None:
    """Count afresh from now on, where the guard had stopped something."""
    db.session.execute(
        update(DomainStanding)
        .where(
            DomainStanding.workspace_id == workspace_id,
            DomainStanding.domain == ascii_domain(from_email).rpartition("@")[2],
            DomainStanding.level == Level.PAUSE,
        )
        .values(armed_at=now, level=Level.GOOD, reason="", changed_at=now)
        .execution_options(synchronize_session=False)
    )
