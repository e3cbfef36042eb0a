"""What came back, added to the sums of the domain that the mail was sent from."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select, update

from mailer.bounces.models import Return, Trust
from mailer.bounces.parsers.returned import Kind
from mailer.db import db
from mailer.delivery.models import Delivery, SendingSum
from mailer.delivery.sending_sums import Fared, Fate, count_fates

_FATES: Final = (Fate.HARD, Fate.SOFT, Fate.COMPLAINT)


def count_returns(returned: Iterable[tuple[Delivery, Kind, bool | None]], *, now: datetime) -> None:
    """Count what came back for certain, at the moment when it did."""
    count_fates(
        Fared(delivery.workspace_id, delivery.campaign_id, delivery.message_id, delivery.email, fate, now)
        for delivery, kind, is_hard in returned
        if (fate := _fate_of(kind, is_hard=is_hard)) is not None
    )


def recount_returns(campaign_id: UUID) -> None:
    """Make a campaign's sums of what came back again, from the rows."""
    db.session.execute(
        update(SendingSum)
        .where(SendingSum.campaign_id == campaign_id)
        .values({fate.value: 0 for fate in _FATES})
        .execution_options(synchronize_session=False)
    )
    rows = db.session.execute(
        select(Delivery, Return.kind, Return.is_hard, Return.created_at)
        .join(Delivery, Delivery.id == Return.delivery_id)
        .where(Return.campaign_id == campaign_id, Return.trust != Trust.ADDRESS)
    )
    for delivery, kind, is_hard, at in rows:
        count_returns([(delivery, kind, is_hard)], now=at)


def _fate_of(kind: Kind, *, is_hard: bool | None) -> Fate | None:
    if kind is Kind.COMPLAINT:
        return Fate.COMPLAINT
    if kind is Kind.BOUNCE:
        return Fate.HARD if is_hard else Fate.SOFT
    return None
