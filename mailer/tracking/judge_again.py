"""Judging what happened with deliveries, at ingestion and again on demand, and keeping the sums true."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, column, select, text, update, values

from mailer.audience.models import Subscriber
from mailer.columns import Id, UtcDateTime, enum_column
from mailer.db import db
from mailer.delivery.models import Delivery, DeliveryState, Message
from mailer.tracking.company import company_of
from mailer.tracking.models import Click, Open
from mailer.tracking.sums import Counted, Sums
from mailer.tracking.verdicts import VERSION, Judgement, Reason, Seen, Verdict, judge

#: Any number that no other lock in the database has: ingestion takes turns across hosts.
_ADVISORY_LOCK: Final = 7_301_002
_AT_ONCE: Final = 500


def take_turn() -> None:
    """Wait until nobody else counts: two hosts must never both take somebody's first click for the first."""
    if db.session.get_bind().dialect.name == "postgresql":
        db.session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ADVISORY_LOCK})


def deliveries_of(ids: Collection[UUID]) -> dict[UUID, Row[Any]]:
    """Return what is needed of deliveries, by id."""
    rows: Iterable[Any] = db.session.execute(
        select(
            Delivery.id,
            Delivery.workspace_id,
            Delivery.campaign_id,
            Delivery.message_id,
            Delivery.state,
            Delivery.ended_at,
            Delivery.opened_at,
            Delivery.clicked_at,
            Delivery.human_opened_at,
            Delivery.human_clicked_at,
            Delivery.email,
            Subscriber.locale,
            Message.trap_link,
            Message.tracking,
        )
        .join(Message, Message.id == Delivery.message_id)
        .outerjoin(Subscriber, Subscriber.id == Delivery.subscriber_id)
        .where(Delivery.id.in_(ids))
    )
    return {row.id: row for row in rows}


def judge_campaign(campaign_id: UUID) -> int:
    """Judge what another version judged of a campaign, commit as it goes; return of how many deliveries."""
    judged = 0
    while True:
        take_turn()
        waiting = {
            delivery_id
            for model in (Open, Click)
            for delivery_id in db.session.scalars(
                select(model.delivery_id)
                .where(model.campaign_id == campaign_id, model.judged_by != VERSION)
                .distinct()
                .limit(_AT_ONCE)
            )
        }
        if not waiting:
            db.session.rollback()
            return judged
        judge_again(waiting)
        db.session.commit()
        judged += len(waiting)


def sums_of(delivery_ids: Collection[UUID]) -> Sums:
    """Return what the events of some deliveries come to, judged as they are."""
    events = _events_of(delivery_ids)
    deliveries = deliveries_of(delivery_ids)
    return Sums.of(event.counted(deliveries, event.told) for event in events)


def judge_again(delivery_ids: Collection[UUID], *, new: Collection[UUID] = ()) -> None:
    """Judge all events of some deliveries, and of those in whose company they turn out to be.

    :param new: events that no sum holds yet
    """
    if not delivery_ids:
        return
    events = _events_of(delivery_ids)
    deliveries = deliveries_of(delivery_ids)
    crowded, strangers = company_of([event.seen for event in events], _arrivals(deliveries))
    if strangers:
        events += _events_of(strangers)
        deliveries |= deliveries_of(strangers)
    verdicts = _verdicts(events, deliveries, crowded)
    before = Sums.of(event.counted(deliveries, event.told) for event in events if event.seen.id not in new)
    after = Sums.of(event.counted(deliveries, verdicts[event.seen.id]) for event in events)
    _write_verdicts(events, verdicts)
    after.apply(instead_of=before)
    _note_firsts(events, verdicts, deliveries)


@dataclass(frozen=True, slots=True)
class _Event:
    """An event as it is stored."""

    seen: Seen
    told: Judgement
    judged_by: int
    facets: Sequence[str]

    def counted(self, deliveries: dict[UUID, Row[Any]], told: Judgement) -> Counted:
        delivery = deliveries[self.seen.delivery_id]
        link = self.seen.link_number
        is_trap = link is not None and link == delivery.trap_link
        return Counted(
            delivery.id, delivery.campaign_id, self.seen.at, link, *told, is_trap=is_trap, facets=self.facets
        )


def _events_of(delivery_ids: Collection[UUID]) -> list[_Event]:
    found = []
    for model in (Open, Click):
        link = Click.link_number if model is Click else None
        columns = [model.id, model.delivery_id, model.at, model.user_agent, model.network]
        told = [model.verdict, model.reason, model.judged_by, model.facets]
        rows = db.session.execute(
            select(*columns, *told, *([link] if link is not None else [])).where(
                model.delivery_id.in_(delivery_ids)
            )
        )
        for row in rows:
            number = row.link_number if model is Click else None
            seen = Seen(row.id, row.delivery_id, row.at, number, row.user_agent, row.network)
            found.append(_Event(seen, (row.verdict, row.reason), row.judged_by, row.facets))
    return found


def _verdicts(
    events: Sequence[_Event], deliveries: dict[UUID, Row[Any]], crowded: Collection[UUID]
) -> dict[UUID, Judgement]:
    by_delivery: dict[UUID, list[Seen]] = defaultdict(list)
    for event in events:
        by_delivery[event.seen.delivery_id].append(event.seen)
    arrivals = _arrivals(deliveries)
    verdicts: dict[UUID, Judgement] = {}
    for delivery_id, seen in by_delivery.items():
        trap = deliveries[delivery_id].trap_link
        verdicts |= judge(seen, arrived_at=arrivals.get(delivery_id), trap=trap, crowded=crowded)
    return verdicts


def _arrivals(deliveries: dict[UUID, Row[Any]]) -> dict[UUID, datetime]:
    """Return when each delivery's server took it."""
    return {
        delivery.id: delivery.ended_at
        for delivery in deliveries.values()
        if delivery.state is DeliveryState.ACCEPTED and delivery.ended_at is not None
    }


def _write_verdicts(events: Sequence[_Event], verdicts: dict[UUID, Judgement]) -> None:
    for model in (Open, Click):
        changed = [
            (event.seen.id, *verdicts[event.seen.id])
            for event in events
            if (event.seen.link_number is not None) == (model is Click)
            and (event.told != verdicts[event.seen.id] or event.judged_by != VERSION)
        ]
        # So that PostgreSQL looks into the months that they are of alone.
        times = [event.seen.at for event in events]
        span = min(times), max(times)
        for start in range(0, len(changed), _AT_ONCE):
            rows = (
                values(
                    column("id", Id()),
                    column("verdict", enum_column(Verdict)),
                    column("reason", enum_column(Reason)),
                    name="judged",
                )
                .data(changed[start : start + _AT_ONCE])
                .cte("judged")
            )
            db.session.execute(
                update(model)
                .where(model.id == rows.c.id, model.at.between(*span))
                .values(verdict=rows.c.verdict, reason=rows.c.reason, judged_by=VERSION)
                .execution_options(synchronize_session=False)
            )


def _note_firsts(
    events: Sequence[_Event], verdicts: dict[UUID, Judgement], deliveries: dict[UUID, Row[Any]]
) -> None:
    """Set the times of each delivery's first open and click, by anybody and by people, where they differ."""
    firsts: dict[str, dict[UUID, datetime]] = defaultdict(dict)
    for event in events:
        what = "opened_at" if event.seen.link_number is None else "clicked_at"
        names = (what, f"human_{what}") if verdicts[event.seen.id][0].is_human else (what,)
        for name in names:
            at = firsts[name].get(event.seen.delivery_id)
            firsts[name][event.seen.delivery_id] = event.seen.at if at is None else min(at, event.seen.at)
    for name in ("opened_at", "clicked_at", "human_opened_at", "human_clicked_at"):
        changed = [
            (delivery.id, firsts[name].get(delivery.id))
            for delivery in deliveries.values()
            if getattr(delivery, name) != firsts[name].get(delivery.id)
            # Old events may be gone; that somebody opened it is not.
            and (name.startswith("human_") or delivery.id in firsts[name])
        ]
        if changed:
            _write_times(getattr(Delivery, name), changed)


def _write_times(target: Any, times: Sequence[tuple[UUID, datetime | None]]) -> None:
    columns = column("id", Id()), column("at", UtcDateTime())
    known = [(delivery_id, at) for delivery_id, at in times if at is not None]
    never = [delivery_id for delivery_id, at in times if at is None]
    if known:
        rows = values(*columns, name="firsts").data(known).cte("firsts")
        db.session.execute(
            update(Delivery)
            .where(Delivery.id == rows.c.id)
            .values({target: rows.c.at})
            .execution_options(synchronize_session=False)
        )
    if never:
        db.session.execute(
            update(Delivery)
            .where(Delivery.id.in_(never))
            .values({target: None})
            .execution_options(synchronize_session=False)
        )
