"""Making a campaign's sums again from its events, one by one: they come to the same."""

from collections.abc import Iterator
from typing import Final
from uuid import UUID

from sqlalchemy import delete, or_, select

from mailer.db import db
from mailer.delivery.models import Delivery, Message, Run
from mailer.tracking.judge_again import sums_of, take_turn
from mailer.tracking.models import FacetActivity, HourlyActivity, LinkActivity, VerdictActivity
from mailer.tracking.nameless import nameless_sums
from mailer.tracking.sales import recount_sales
from mailer.tracking.sums import Sums, add_departures

_AT_ONCE: Final = 2_000


def rebuild_activity(campaign_id: UUID) -> None:
    """Forget a campaign's sums and count its opens, clicks, departures and orders again.

    One transaction of the caller's: until it commits, pages show the sums of before.
    """
    take_turn()
    for model in (HourlyActivity, LinkActivity, FacetActivity, VerdictActivity):
        db.session.execute(delete(model).where(model.campaign_id == campaign_id))
    for ids in _deliveries(campaign_id):
        # Sums of different deliveries add up: nothing is counted across them.
        sums_of(ids).apply(instead_of=Sums())
    trap = db.session.scalar(
        select(Message.trap_link)
        .join(Run, Run.message_id == Message.id)
        .where(Run.campaign_id == campaign_id)
    )
    nameless_sums(campaign_id, trap=trap).apply(instead_of=Sums())
    left = select(Delivery.unsubscribed_at).where(
        Delivery.campaign_id == campaign_id, Delivery.unsubscribed_at.is_not(None)
    )
    add_departures(campaign_id, [at for at in db.session.scalars(left) if at is not None])
    recount_sales(campaign_id)


def _deliveries(campaign_id: UUID) -> Iterator[list[UUID]]:
    """Yield the deliveries with which something was done, some at a time."""
    last = UUID(int=0)
    has_event = or_(Delivery.opened_at.is_not(None), Delivery.clicked_at.is_not(None))
    while True:
        ids = list(
            db.session.scalars(
                select(Delivery.id)
                .where(Delivery.campaign_id == campaign_id, Delivery.id > last, has_event)
                .order_by(Delivery.id)
                .limit(_AT_ONCE)
            )
        )
        if not ids:
            return
        yield ids
        last = ids[-1]
