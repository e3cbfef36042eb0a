"""From the spool into the database: every event once, and its sums with it.

An open is counted when the pixel was loaded and a click when a link was followed;
neither stands for the other, so that the report says what was seen. “People” counts a
delivery at its first of each.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, column, select, text, update, values
from sqlalchemy.dialects import postgresql, sqlite

from mailer.current import settings
from mailer.db import Id, UtcDateTime, db, insert_missing
from mailer.delivery import ledger
from mailer.delivery.models import Delivery, DeliveryState
from mailer.lib.clock import utcnow
from mailer.tracking.models import Activity, Click, HourlyActivity, LinkActivity, Open
from mailer.tracking.spool import Event, Spool, read

_EVENTS_AT_ONCE: Final = 1_000
#: Any number that no other lock in the database has: ingestion takes turns across hosts.
_ADVISORY_LOCK: Final = 7_301_002


def spool_folder(data_dir: Path) -> Path:
    """Return where this machine's events wait."""
    return data_dir / "spool"


def ingest_events() -> None:
    """Store what waits in this machine's spool; commits as it goes.

    Safe to kill anywhere: a file is removed only when all of it is committed, and what
    is read twice is stored once.
    """
    spool = Spool(spool_folder(settings().data_dir))
    with spool.reading() as is_only_one:
        if not is_only_one:
            return
        for path in spool.take():
            waiting = read(path)
            while events := list(islice(waiting, _EVENTS_AT_ONCE)):
                store(events)
                db.session.commit()
            path.unlink()


def store(events: Sequence[Event]) -> None:
    """Insert events that are new, and add them to the sums."""
    if db.session.get_bind().dialect.name == "postgresql":
        # One at a time, so that two hosts never both take somebody's first click for the first.
        db.session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ADVISORY_LOCK})
    deliveries = _deliveries_of(events)
    known = [event for event in events if _is_of(event, deliveries)]
    opens = [event for event in known if event.link_number is None]
    clicks = [event for event in known if event.link_number is not None]
    _store_opens(opens, deliveries)
    _store_clicks(clicks, deliveries)
    _resolve_doubt(deliveries.values())


def add_hourly(activity: Activity, totals: Counter[Any], people: Counter[Any]) -> None:
    """Add to the hourly sums.

    :param totals: how many events, by (campaign id, moment)
    :param people: how many of them were a delivery's first, likewise
    """
    rows: dict[tuple[UUID, datetime], dict[str, Any]] = {}
    for counter, name in ((totals, "total"), (people, "people")):
        for (campaign_id, at), number in counter.items():
            hour = at.replace(minute=0, second=0, microsecond=0)
            row = rows.setdefault(
                (campaign_id, hour),
                {"campaign_id": campaign_id, "activity": activity, "hour": hour, "total": 0, "people": 0},
            )
            row[name] += number
    _add(HourlyActivity, ["campaign_id", "activity", "hour"], rows)


def _deliveries_of(events: Iterable[Event]) -> dict[UUID, Row[Any]]:
    rows: Iterable[Any] = db.session.execute(
        select(
            Delivery.id, Delivery.workspace_id, Delivery.campaign_id, Delivery.message_id, Delivery.state
        ).where(Delivery.id.in_({event.delivery_id for event in events}))
    )
    return {row.id: row for row in rows}


def _is_of(event: Event, deliveries: dict[UUID, Row[Any]]) -> bool:
    """Whether the delivery is there: a campaign may have been deleted since."""
    delivery = deliveries.get(event.delivery_id)
    return delivery is not None and delivery.message_id == event.message_id


def _store_opens(events: Sequence[Event], deliveries: dict[UUID, Row[Any]]) -> None:
    new = set(insert_missing(Open, [_row(event, deliveries) for event in events], returning=Open.id))
    fresh = [event for event in events if event.id in new]
    firsts = _note_firsts(Delivery.opened_at, fresh)
    _sum_by_hour(Activity.OPEN, fresh, firsts, deliveries)


def _store_clicks(events: Sequence[Event], deliveries: dict[UUID, Row[Any]]) -> None:
    followed = _followed_before(events)
    rows = [{**_row(event, deliveries), "link_number": event.link_number} for event in events]
    new = set(insert_missing(Click, rows, returning=Click.id))
    fresh = [event for event in events if event.id in new]
    firsts = _note_firsts(Delivery.clicked_at, fresh)
    _sum_by_hour(Activity.CLICK, fresh, firsts, deliveries)
    _sum_by_link(fresh, followed, deliveries)


def _row(event: Event, deliveries: dict[UUID, Row[Any]]) -> dict[str, Any]:
    delivery = deliveries[event.delivery_id]
    return {
        "id": event.id,
        "workspace_id": delivery.workspace_id,
        "campaign_id": delivery.campaign_id,
        "delivery_id": event.delivery_id,
        "at": event.at,
        "user_agent": event.user_agent,
    }


def _note_firsts(first_at: Any, events: Iterable[Event]) -> dict[UUID, datetime]:
    """Set the time of each delivery's first event, where there was none; return those."""
    earliest: dict[UUID, datetime] = {}
    for event in events:
        at = earliest.get(event.delivery_id)
        earliest[event.delivery_id] = event.at if at is None else min(at, event.at)
    if not earliest:
        return {}
    rows = (
        values(column("id", Id()), column("at", UtcDateTime()), name="firsts")
        .data(list(earliest.items()))
        .cte("firsts")
    )
    noted = db.session.scalars(
        update(Delivery)
        .where(Delivery.id == rows.c.id, first_at.is_(None))
        .values({first_at: rows.c.at})
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    )
    return {identifier: earliest[identifier] for identifier in noted}


def _sum_by_hour(
    activity: Activity,
    events: Iterable[Event],
    firsts: dict[UUID, datetime],
    deliveries: dict[UUID, Row[Any]],
) -> None:
    totals = Counter((deliveries[event.delivery_id].campaign_id, event.at) for event in events)
    people = Counter((deliveries[identifier].campaign_id, at) for identifier, at in firsts.items())
    add_hourly(activity, _of_campaigns(totals), _of_campaigns(people))


def _of_campaigns(counter: Counter[Any]) -> Counter[Any]:
    return Counter({key: number for key, number in counter.items() if key[0] is not None})


def _followed_before(events: Iterable[Event]) -> set[tuple[UUID, int | None]]:
    pairs = {(event.delivery_id, event.link_number) for event in events}
    if not pairs:
        return set()
    deliveries = {delivery_id for delivery_id, _ in pairs}
    rows = db.session.execute(
        select(Click.delivery_id, Click.link_number).where(Click.delivery_id.in_(deliveries)).distinct()
    )
    return {(delivery_id, number) for delivery_id, number in rows}


def _sum_by_link(
    events: Iterable[Event], followed: set[tuple[UUID, int | None]], deliveries: dict[UUID, Row[Any]]
) -> None:
    rows: dict[tuple[UUID, int], dict[str, Any]] = {}
    seen = set(followed)
    for event in events:
        campaign_id = deliveries[event.delivery_id].campaign_id
        if campaign_id is None or event.link_number is None:
            continue
        row = rows.setdefault(
            (campaign_id, event.link_number),
            {"campaign_id": campaign_id, "link_number": event.link_number, "total": 0, "people": 0},
        )
        pair = (event.delivery_id, event.link_number)
        row["total"] += 1
        row["people"] += pair not in seen
        seen.add(pair)
    _add(LinkActivity, ["campaign_id", "link_number"], rows)


def _resolve_doubt(deliveries: Iterable[Row[Any]]) -> None:
    """Whoever opens or clicks a message has it, whatever the server failed to say."""
    for delivery in deliveries:
        if delivery.state is DeliveryState.IN_DOUBT:
            ledger.mark_arrived(delivery.campaign_id, deliveries=[delivery.id], now=utcnow())


def _add(model: Any, keys: list[str], rows: dict[Any, dict[str, Any]]) -> None:
    if not rows:
        return
    dialect = postgresql if db.session.get_bind().dialect.name == "postgresql" else sqlite
    insert = dialect.insert(model.__table__)
    db.session.execute(
        insert.on_conflict_do_update(
            index_elements=keys,
            set_={
                "total": model.__table__.c.total + insert.excluded.total,
                "people": model.__table__.c.people + insert.excluded.people,
            },
        ),
        [rows[key] for key in sorted(rows)],
    )
