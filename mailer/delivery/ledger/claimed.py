"""What a worker holds: deliveries of its batches, and what a try of one came to."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from mailer.delivery.engine.outcomes import Outcome
from mailer.delivery.models import (
    Delivery,
)

CLAIMED_COLUMNS: Final[tuple[Any, ...]] = (
    Delivery.id,
    Delivery.batch_id,
    Delivery.workspace_id,
    Delivery.message_id,
    Delivery.campaign_id,
    Delivery.subscriber_id,
    Delivery.list_id,
    Delivery.email,
    Delivery.values,
    Delivery.attempt,
    Delivery.first_tried_at,
)


@dataclass(slots=True)
class Claimed:
    """A delivery whose batch one worker holds.

    Not frozen: a thousand are made at a time, and freezing doubles what that costs.

    :param attempt: tries that ended before this one
    :param reader: what a message can say about its reader, where that was read with the claim
    """

    id: UUID
    batch_id: UUID
    workspace_id: UUID
    message_id: UUID
    campaign_id: UUID | None
    subscriber_id: UUID | None
    list_id: UUID | None
    email: str
    values: dict[str, Any] | None
    attempt: int
    first_tried_at: datetime | None
    reader: dict[str, Any] | None = None

    @classmethod
    def of(cls, row: Any) -> "Claimed":
        """Read a row that was selected by :data:`CLAIMED_COLUMNS`, whatever follows them."""
        return cls(*row[: len(CLAIMED_COLUMNS)])


@dataclass(slots=True)
class Result:
    """What one try came to."""

    delivery: Claimed
    outcome: Outcome
