"""Endpoints, events, and the way of each event to each endpoint that asked for it."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mailer.accounts.models import User, Workspace
from mailer.columns import enum_column
from mailer.db import Base, Identified
from mailer.lib.clock import utcnow

#: Events hold people's addresses, so they are not kept for ever.
KEPT_FOR: Final = timedelta(days=30)
#: How long both secrets sign after one was replaced.
ROTATES_FOR: Final = timedelta(hours=24)
_WAITS: Final = "next_try_at IS NOT NULL"


class Endpoint(Identified, Base):
    """An address that asked to be told about some events."""

    __tablename__ = "webhook_endpoints"
    prefix = "whk"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"), index=True)
    url: Mapped[str] = mapped_column(String(2000))
    description: Mapped[str] = mapped_column(String(200), default="")
    #: Names of events, or beginnings of them such as ``campaign.*`` and ``*``.
    events: Mapped[list[str]]
    #: ``lib.secrets.encrypt`` under the purpose ``webhook-secret``.
    secret_encrypted: Mapped[str] = mapped_column(Text)
    #: The one before it, which signs beside it until then.
    old_secret_encrypted: Mapped[str] = mapped_column(Text, default="")
    old_secret_until: Mapped[datetime | None]
    created_by_id: Mapped[UUID | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))
    #: Nothing is sent any more, and why.
    disabled_at: Mapped[datetime | None]
    disabled_reason: Mapped[str] = mapped_column(String(500), default="")
    #: The last answer of 2xx, and the first failure since then.
    succeeded_at: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    #: Answers that never came, one after another: the whole lane waits the longer for each.
    silence_count: Mapped[int] = mapped_column(default=0)
    paused_until: Mapped[datetime | None]
    #: Whoever posts to it holds the lane until then, so that events keep their order.
    leased_until: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(default=utcnow, onupdate=utcnow)

    workspace: Mapped[Workspace] = relationship()

    __table_args__ = (CheckConstraint("length(url) > 0", name="has_url"),)

    @property
    def is_enabled(self) -> bool:
        """Whether it is told about anything."""
        return self.disabled_at is None

    @property
    def is_failing(self) -> bool:
        """Whether the last it answered was no success."""
        return self.failing_since is not None

    def asks_for(self, name: str) -> bool:
        """Whether it asked to be told about an event."""
        return any(
            name == asked or (asked[-1:] == "*" and name.startswith(asked[:-1])) for asked in self.events
        )

    def disable(self, reason: str, *, at: datetime) -> None:
        """Tell it nothing more."""
        self.disabled_at, self.disabled_reason = at, reason[:500]

    def enable(self) -> None:
        """Tell it again, also what still waits."""
        self.disabled_at, self.disabled_reason = None, ""
        self.failing_since = self.paused_until = None
        self.silence_count = 0


class Event(Identified, Base):
    """Something that happened; its id is the ``webhook-id`` of each try to tell it."""

    __tablename__ = "webhook_events"
    prefix = "whe"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    data: Mapped[dict[str, Any]]

    __table_args__ = (Index("ix_webhook_events_created_at", "created_at"),)


class PostingState(StrEnum):
    """Where the way of an event to an endpoint stands."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


class Posting(Identified, Base):
    """An event on its way to an endpoint."""

    __tablename__ = "webhook_postings"
    prefix = "pst"

    endpoint_id: Mapped[UUID] = mapped_column(ForeignKey(Endpoint.id, ondelete="CASCADE"))
    event_id: Mapped[UUID] = mapped_column(ForeignKey(Event.id, ondelete="CASCADE"), index=True)
    state: Mapped[PostingState] = mapped_column(enum_column(PostingState), default=PostingState.WAITING)
    #: Tries since it was first sent, or sent again by a person.
    try_count: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    #: Of the last try: the answer's status, or none and why there was no answer.
    status: Mapped[int | None]
    words: Mapped[str] = mapped_column(String(500), default="")

    event: Mapped[Event] = relationship()
    endpoint: Mapped[Endpoint] = relationship()

    __table_args__ = (
        UniqueConstraint("endpoint_id", "event_id"),
        Index("ix_webhook_postings_endpoint_id_id", "endpoint_id", "id"),
        # What is due, however much was told before.
        Index(
            "ix_webhook_postings_due",
            "endpoint_id",
            "next_try_at",
            postgresql_where=text(_WAITS),
            sqlite_where=text(_WAITS),
        ),
        CheckConstraint("(state = 'waiting') = (next_try_at IS NOT NULL)", name="waiting_has_time"),
    )


class Try(Identified, Base):
    """One request that told an event, and what was answered."""

    __tablename__ = "webhook_tries"
    prefix = "wtr"

    posting_id: Mapped[UUID] = mapped_column(ForeignKey(Posting.id, ondelete="CASCADE"), index=True)
    status: Mapped[int | None]
    #: The beginning of the answer, or why there was none.
    words: Mapped[str] = mapped_column(String(500), default="")
    milliseconds: Mapped[int]
