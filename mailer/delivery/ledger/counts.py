"""How many of a campaign's deliveries are in each state, moved with every change."""

from collections import Counter
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import Table, func, select

from mailer.db import db
from mailer.delivery.models import (
    Delivery,
    DeliveryCount,
    DeliveryState,
)
from mailer.driver import Change

_COUNTS: Final = cast(Table, DeliveryCount.__table__)


def _adding(dialect: Any) -> Any:
    upsert = dialect.insert(_COUNTS)
    return upsert.on_conflict_do_update(
        index_elements=["campaign_id", "state", "reason"],
        set_={"count": _COUNTS.c.count + upsert.excluded.count},
    )


_ADDING: Final = Change(_adding)


def count(campaign_id: UUID | None, changes: Counter[tuple[DeliveryState, str]]) -> None:
    """Move a campaign's counts."""
    # Always in the same order, so that two workers never wait for each other's rows.
    rows = [
        {"campaign_id": campaign_id, "state": state, "reason": reason, "count": change}
        for (state, reason), change in sorted(changes.items())
        if change
    ]
    if campaign_id is not None:
        _ADDING.make(*rows)


def counts_of(campaign_id: UUID) -> Counter[DeliveryState]:
    """Return how many of a campaign's deliveries are in each state."""
    rows = db.session.execute(
        select(DeliveryCount.state, func.sum(DeliveryCount.count))
        .where(DeliveryCount.campaign_id == campaign_id)
        .group_by(DeliveryCount.state)
    )
    return Counter({state: int(number) for state, number in rows if number})


def recount(campaign_id: UUID) -> Counter[tuple[DeliveryState, str]]:
    """Count a campaign's deliveries one by one, and set its counts to the result."""
    rows = db.session.execute(
        select(Delivery.state, Delivery.skip_reason, func.count())
        .where(Delivery.campaign_id == campaign_id)
        .group_by(Delivery.state, Delivery.skip_reason)
    )
    found = Counter({(state, str(reason or "")): number for state, reason, number in rows})
    kept = {
        (row.state, row.reason): row.count
        for row in db.session.scalars(select(DeliveryCount).where(DeliveryCount.campaign_id == campaign_id))
    }
    differences = Counter({key: found[key] - kept.get(key, 0) for key in {*found, *kept}})
    count(campaign_id, differences)
    return found
