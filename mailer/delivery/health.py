"""What all workers know of servers in trouble; rows are written only when something changes."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, or_, select, update

from mailer.db import db, insert_missing
from mailer.delivery.engine.breaker import PROBE, Trouble, after_failure
from mailer.delivery.engine.outcomes import LONGEST_REPLY
from mailer.delivery.models import RouteHealth


def troubles(routes: Iterable[str]) -> dict[str, Trouble]:
    """Return what is known of those routes that are in trouble."""
    rows = db.session.execute(
        select(
            RouteHealth.route,
            RouteHealth.failure_count,
            RouteHealth.failed_at,
            RouteHealth.reply,
            RouteHealth.probing_until,
        ).where(RouteHealth.route.in_(list(routes)))
    )
    return {row[0]: Trouble(*row[1:]) for row in rows}


def note_failure(route: str, reply: str, *, now: datetime) -> Trouble:
    """Remember that a server failed; return what is known of it now."""
    known = troubles([route]).get(route)
    trouble = after_failure(known, reply[:LONGEST_REPLY], now)
    if trouble == known:
        return trouble
    written = {
        "failure_count": trouble.failure_count,
        "failed_at": trouble.failed_at,
        "reply": trouble.reply,
        "probing_until": trouble.probing_until,
    }
    if known is None:
        insert_missing(RouteHealth, [{"route": route, **written}])
        return trouble
    db.session.execute(
        update(RouteHealth)
        # Of two that fail at the same moment, one counts.
        .where(RouteHealth.route == route, RouteHealth.failure_count == known.failure_count)
        .values(**written)
        .execution_options(synchronize_session=False)
    )
    return trouble


def begin_probe(route: str, *, now: datetime) -> bool:
    """Take it on to find out whether a rested server is back; False when somebody else does."""
    taken = db.session.execute(
        update(RouteHealth)
        .where(
            RouteHealth.route == route,
            or_(RouteHealth.probing_until.is_(None), RouteHealth.probing_until <= now),
        )
        .values(probing_until=now + PROBE)
        .returning(RouteHealth.route)
        .execution_options(synchronize_session=False)
    ).scalar()
    return taken is not None


def note_recovery(route: str) -> None:
    """Forget a server's trouble: it takes mail again."""
    db.session.execute(delete(RouteHealth).where(RouteHealth.route == route))
