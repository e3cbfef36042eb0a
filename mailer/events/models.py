"""Things that subscribers did elsewhere."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from mailer.accounts.models import Workspace
from mailer.audience.models import Subscriber
from mailer.db import Base, Identified

#: What one unit of a currency has; whole numbers are added up alike by both databases.
MICROS: Final = 1_000_000


class CustomEvent(Identified, Base):
    """Something that a subscriber did, with the name that the workspace's programs give it."""

    __tablename__ = "events"
    prefix = "evt"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"))
    subscriber_id: Mapped[UUID] = mapped_column(ForeignKey(Subscriber.id, ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(60))
    #: When it happened, while ``created_at`` is when we were told.
    at: Mapped[datetime]
    #: The program's own id of it, such as an order's number: told twice, it counts once.
    key: Mapped[str | None] = mapped_column(String(100))
    #: What it was worth, in millionths of the currency's unit.
    value_micros: Mapped[int | None] = mapped_column(BigInteger)
    #: By ISO 4217.
    currency: Mapped[str] = mapped_column(String(3), default="")
    properties: Mapped[dict[str, Any]] = mapped_column(default=dict)

    __table_args__ = (
        UniqueConstraint("workspace_id", "name", "key"),
        # All that a segment asks stands in it, so that it is answered without the rows.
        Index("ix_events_workspace_id_name_at_subscriber_id", "workspace_id", "name", "at", "subscriber_id"),
        Index("ix_events_subscriber_id_at", "subscriber_id", "at"),
        Index("ix_events_workspace_id_id", "workspace_id", "id"),
        CheckConstraint("length(name) > 0", name="has_name"),
        CheckConstraint("value_micros IS NULL OR length(currency) = 3", name="value_has_currency"),
    )

    @property
    def value(self) -> Decimal | None:
        """What it was worth, in the currency's unit."""
        return None if self.value_micros is None else Decimal(self.value_micros) / MICROS
