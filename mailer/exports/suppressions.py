"""Addresses that are not to be mailed, as a file that our own import takes, and other programs."""

from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from mailer.consent.models import StreamSuppression, Suppression, SuppressionReason
from mailer.db import db
from mailer.lib.csv_rows import csv_line
from mailer.lib.ids import public_id

_PAGE: Final = 5_000
#: The status by which an import knows each reason again.
_STATUSES: Final = {
    SuppressionReason.HARD_BOUNCE: "hard_bounce",
    SuppressionReason.COMPLAINT: "complaint",
    SuppressionReason.UNSUBSCRIBED: "unsubscribed",
    SuppressionReason.MANUAL: "suppressed",
    SuppressionReason.IMPORTED: "suppressed",
}


def csv_of_suppressions(workspace_id: UUID) -> Iterator[str]:
    """Yield a workspace's suppressions, headings first: those of campaigns, then those of single streams.

    With time, reason, stream and source of each; our own import reads all but the source back.
    """
    yield "\ufeff" + csv_line(
        ["Email address", "Status", "Unsubscribed at", "Reason", "Detail", "Stream", "Source"]
    )
    for row in _all(Suppression.__table__, workspace_id):
        yield _line(row, stream="", source=_source(row))
    for closed in _all(StreamSuppression.__table__, workspace_id):
        yield _line(closed, stream=closed.stream, source=_brought(closed))


def _all(table: Any, workspace_id: UUID) -> Iterator[Any]:
    last: UUID | None = None
    while True:
        query = select(table).where(table.c.workspace_id == workspace_id)
        if last is not None:
            query = query.where(table.c.id > last)
        page = db.session.execute(query.order_by(table.c.id).limit(_PAGE)).all()
        yield from page
        if len(page) < _PAGE:
            return
        last = page[-1].id


def _line(row: Any, *, stream: str, source: str) -> str:
    at = row.created_at.isoformat()
    return csv_line([row.email_key, _STATUSES[row.reason], at, row.reason.value, row.detail, stream, source])


def _source(row: Any) -> str:
    """Return what the suppression came of: a delivery, an import, or somebody of the staff, by its id."""
    if row.delivery_id is not None:
        return public_id("dlv", row.delivery_id)
    return _brought(row) or (public_id("usr", row.actor_id) if row.actor_id is not None else "")


def _brought(row: Any) -> str:
    return public_id("imp", row.import_id) if row.import_id is not None else ""
