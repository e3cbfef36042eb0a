"""Addresses that are not to be mailed, as a file that our own import takes, and other programs."""

from collections.abc import Iterator
from typing import Final
from uuid import UUID

from sqlalchemy import select

from mailer.consent.models import Suppression, SuppressionReason
from mailer.db import db
from mailer.lib.csv_rows import csv_line

_PAGE: Final = 5_000
_COLUMNS: Final = (
    Suppression.id,
    Suppression.created_at,
    Suppression.email_key,
    Suppression.reason,
    Suppression.detail,
)
#: The status by which an import knows each reason again.
_STATUSES: Final = {
    SuppressionReason.HARD_BOUNCE: "hard_bounce",
    SuppressionReason.COMPLAINT: "complaint",
    SuppressionReason.UNSUBSCRIBED: "unsubscribed",
    SuppressionReason.MANUAL: "suppressed",
    SuppressionReason.IMPORTED: "suppressed",
}


def csv_of_suppressions(workspace_id: UUID) -> Iterator[str]:
    """Yield a workspace's suppressions, headings first."""
    yield "\ufeff" + csv_line(["Email address", "Status", "Unsubscribed at", "Reason", "Detail"])
    last: UUID | None = None
    while True:
        query = select(*_COLUMNS).where(Suppression.workspace_id == workspace_id)
        if last is not None:
            query = query.where(Suppression.id > last)
        page = db.session.execute(query.order_by(Suppression.id).limit(_PAGE)).all()
        for row in page:
            at = row.created_at.isoformat()
            yield csv_line([row.email_key, _STATUSES[row.reason], at, row.reason.value, row.detail])
        if len(page) < _PAGE:
            return
        last = page[-1].id
