"""Counting what is done with mails that count nobody in particular.

Only how often, and whether a program that calls itself a machine did it, is kept; who,
from where and with what is forgotten before anything is written.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from mailer.db import db, insert_missing
from mailer.delivery.models import TrackingMode
from mailer.tracking.models import AnonymousEvent
from mailer.tracking.spool import Event
from mailer.tracking.sums import Counted, Sums
from mailer.tracking.verdicts import Reason, Verdict, first_look


def count_nameless(events: Sequence[Event], deliveries: Mapping[UUID, Row[Any]]) -> None:
    """Store events that are new, without whose they are, and add them to the sums."""
    rows = []
    for event in events:
        delivery = deliveries[event.delivery_id]
        if delivery.tracking is TrackingMode.NONE or delivery.campaign_id is None:
            continue
        verdict, reason = _judged(event, trap=delivery.trap_link)
        rows.append(
            {
                "id": event.id,
                "campaign_id": delivery.campaign_id,
                "link_number": event.link_number,
                "at": event.at,
                "verdict": verdict,
                "reason": reason,
            }
        )
    new = set(insert_missing(AnonymousEvent, rows, returning=AnonymousEvent.id))
    traps = {delivery.campaign_id: delivery.trap_link for delivery in deliveries.values()}
    _sums([row for row in rows if row["id"] in new], traps).apply(instead_of=Sums())


def nameless_sums(campaign_id: UUID, *, trap: int | None) -> Sums:
    """Return what a campaign's events come to that are nobody's."""
    columns = [getattr(AnonymousEvent, name) for name in _COLUMNS]
    rows = db.session.execute(select(*columns).where(AnonymousEvent.campaign_id == campaign_id))
    return _sums((row._asdict() for row in rows), {campaign_id: trap})


_COLUMNS = ("campaign_id", "at", "link_number", "verdict", "reason")


def _sums(rows: Iterable[Mapping[str, Any]], traps: Mapping[UUID | None, int | None]) -> Sums:
    return Sums.of(
        Counted(
            delivery_id=None,
            is_trap=row["link_number"] is not None and row["link_number"] == traps[row["campaign_id"]],
            **{name: row[name] for name in _COLUMNS},
        )
        for row in rows
    )


def _judged(event: Event, *, trap: int | None) -> tuple[Verdict, Reason]:
    if trap is not None and event.link_number == trap:
        return Verdict.SCANNER, Reason.HIDDEN_LINK
    return first_look(event.user_agent)
