"""What came back, added to the sums of its campaign and of the domain that the mail was sent from."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, case, delete, exists, false, func, select, update
from sqlalchemy.orm import aliased

from mailer.bounces.models import Return, ReturnSum, Trust
from mailer.bounces.parsers.returned import Kind
from mailer.db import db, insert_missing
from mailer.delivery.models import Delivery, SendingSum
from mailer.delivery.sending_sums import Fared, Fate, count_fates

_FATES: Final = (Fate.HARD, Fate.SOFT, Fate.COMPLAINT)
_ROWS_AT_ONCE: Final = 5_000


def count_fate(returned: Return, delivery: Delivery, *, now: datetime) -> None:
    """Count for its sending domain what came back for certain, at the moment when it did."""
    fared = _fared(delivery, returned.kind, is_hard=returned.is_hard, at=now)
    if fared is not None:
        count_fates([fared])


def count_reader(returned: Return) -> None:
    """Count the reader whom something new came back about, unless the same had come back before."""
    if returned.campaign_id is None:
        return
    is_hard = _is_hard(returned.kind, is_hard=returned.is_hard)
    key = {"campaign_id": returned.campaign_id, "kind": returned.kind, "is_hard": is_hard}
    insert_missing(ReturnSum, [{**key, "people": 0}])
    # Whoever counts another return of the same kind waits for the row, and then sees this one.
    kept = db.session.get_one(
        ReturnSum,
        (returned.campaign_id, returned.kind, is_hard),
        with_for_update=True,
        populate_existing=True,
    )
    twin = aliased(Return)
    is_known = (
        exists()
        .where(
            twin.delivery_id == returned.delivery_id,
            twin.campaign_id == returned.campaign_id,
            twin.kind == returned.kind,
            _hardness(twin) == is_hard,
            twin.id != returned.id,
        )
        .select()
    )
    if not db.session.scalar(is_known):
        kept.people += 1
        db.session.flush()


def recount_returns(campaign_id: UUID) -> None:
    """Make a campaign's sums of what came back again, from the rows."""
    _recount_readers(campaign_id)
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
    for some in rows.partitions(_ROWS_AT_ONCE):
        count_fates(
            fared
            for delivery, kind, is_hard, at in some
            if (fared := _fared(delivery, kind, is_hard=is_hard, at=at)) is not None
        )


def _recount_readers(campaign_id: UUID) -> None:
    is_hard = _hardness(Return)
    rows = db.session.execute(
        select(Return.kind, is_hard, func.count(Return.delivery_id.distinct()))
        .where(Return.campaign_id == campaign_id)
        .group_by(Return.kind, is_hard)
    ).all()
    db.session.execute(delete(ReturnSum).where(ReturnSum.campaign_id == campaign_id))
    db.session.add_all(
        ReturnSum(campaign_id=campaign_id, kind=kind, is_hard=bool(hard), people=people)
        for kind, hard, people in rows
    )
    db.session.flush()


def _fared(delivery: Delivery, kind: Kind, *, is_hard: bool | None, at: datetime) -> Fared | None:
    fate = _fate_of(kind, is_hard=is_hard)
    if fate is None:
        return None
    return Fared(delivery.workspace_id, delivery.campaign_id, delivery.message_id, [delivery.email], fate, at)


def _is_hard(kind: Kind, *, is_hard: bool | None) -> bool:
    return kind is Kind.BOUNCE and bool(is_hard)


def _hardness(returned: Any) -> ColumnElement[bool]:
    """Return the same of rows."""
    return case((returned.kind == Kind.BOUNCE, func.coalesce(returned.is_hard, false())), else_=false())


def _fate_of(kind: Kind, *, is_hard: bool | None) -> Fate | None:
    if kind is Kind.COMPLAINT:
        return Fate.COMPLAINT
    if kind is Kind.BOUNCE:
        return Fate.HARD if is_hard else Fate.SOFT
    return None
