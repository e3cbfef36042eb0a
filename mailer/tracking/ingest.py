"""From the spool into the database: every event once, and its sums with it.

An open is counted when the pixel was loaded and a click when a link was followed;
neither stands for the other, so that the report says what was seen. “People” counts a
delivery at its first of each.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from mailer import signals
from mailer.current import settings
from mailer.db import db, insert_missing
from mailer.delivery import ledger
from mailer.delivery.models import DeliveryState, TrackingMode
from mailer.lib.clock import utcnow
from mailer.tracking.facets import facets_of
from mailer.tracking.judge_again import deliveries_of, judge_again, take_turn
from mailer.tracking.models import Click, Open
from mailer.tracking.nameless import count_nameless
from mailer.tracking.partitions import kept_since
from mailer.tracking.spool import Event, Spool, read
from mailer.tracking.verdicts import first_look

_EVENTS_AT_ONCE: Final = 1_000


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
    """Insert events that are new, judge them and what they shed light on, and keep the sums."""
    take_turn()
    deliveries = deliveries_of({event.delivery_id for event in events})
    since = kept_since(utcnow())
    known = [event for event in events if _is_of(event, deliveries, since)]
    nameless = [event for event in known if not _is_personal(deliveries[event.delivery_id])]
    count_nameless(nameless, deliveries)
    known = [event for event in known if _is_personal(deliveries[event.delivery_id])]
    new = {
        *_insert(Open, [event for event in known if event.link_number is None], deliveries),
        *_insert(Click, [event for event in known if event.link_number is not None], deliveries),
    }
    judge_again({event.delivery_id for event in known if event.id in new}, new=new)
    signals.readings_stored.send([event for event in known if event.id in new], deliveries=deliveries)
    _resolve_doubt(deliveries.values())


def _is_of(event: Event, deliveries: dict[UUID, Row[Any]], since: datetime | None) -> bool:
    """Whether the delivery is there, and not too old to be counted: a campaign may have been deleted."""
    delivery = deliveries.get(event.delivery_id)
    if delivery is None or delivery.message_id != event.message_id:
        return False
    return since is None or delivery.ended_at is None or delivery.ended_at >= since


def _is_personal(delivery: Row[Any]) -> bool:
    """Whether what its reader does is kept as theirs."""
    return bool(delivery.tracking is TrackingMode.FULL)


def _insert(model: Any, events: Sequence[Event], deliveries: dict[UUID, Row[Any]]) -> list[UUID]:
    return insert_missing(model, [_row(event, deliveries) for event in events], returning=model.id)


def _row(event: Event, deliveries: dict[UUID, Row[Any]]) -> dict[str, Any]:
    delivery = deliveries[event.delivery_id]
    verdict, reason = first_look(event.user_agent)
    row = {
        "id": event.id,
        "workspace_id": delivery.workspace_id,
        "campaign_id": delivery.campaign_id,
        "delivery_id": event.delivery_id,
        "at": event.at,
        "user_agent": event.user_agent,
        "network": event.network,
        "verdict": verdict,
        "reason": reason,
        "facets": facets_of(
            email=delivery.email,
            locale=delivery.locale or "",
            user_agent=event.user_agent,
            network=event.network,
            at=event.at,
            arrived_at=delivery.ended_at,
        ),
    }
    return row if event.link_number is None else {**row, "link_number": event.link_number}


def _resolve_doubt(deliveries: Iterable[Row[Any]]) -> None:
    """Whoever opens or clicks a message has it, whatever the server failed to say."""
    for delivery in deliveries:
        if delivery.state is DeliveryState.IN_DOUBT:
            ledger.mark_arrived(delivery.campaign_id, deliveries=[delivery.id], now=utcnow())
