"""Bulk changes, and whom each changed."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mailer.accounts.models import User, Workspace
from mailer.audience.models import Subscriber
from mailer.columns import enum_column
from mailer.db import Base, Identified

_AT_WORK: Final = "status IN ('running', 'undoing')"
#: How long a change can be undone: whom it changed is forgotten then.
UNDO_FOR: Final = timedelta(days=30)


class ChangeKind(StrEnum):
    """What is done to each subscriber."""

    TAG = "tag"
    UNTAG = "untag"
    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"
    SET_FIELD = "set_field"
    SUPPRESS = "suppress"
    ERASE = "erase"

    @property
    def has_way_back(self) -> bool:
        """Whether it can be undone: who left or was erased comes back only by themselves."""
        return self not in {ChangeKind.UNSUBSCRIBE, ChangeKind.ERASE}


class ChangeStatus(StrEnum):
    """How far a change is."""

    RUNNING = "running"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    FAILED = "failed"
    UNDOING = "undoing"
    UNDONE = "undone"

    @property
    def is_at_work(self) -> bool:
        """Whether a worker is at it."""
        return self in {ChangeStatus.RUNNING, ChangeStatus.UNDOING}


class BulkChange(Identified, Base):
    """One change to many subscribers, and how far it is."""

    __tablename__ = "bulk_changes"
    prefix = "chg"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"))
    created_by_id: Mapped[UUID | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))
    kind: Mapped[ChangeKind] = mapped_column(enum_column(ChangeKind))
    #: Whom it is about (``segments.selection.Selection``).
    selection: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: What it takes: ``tag``, ``list``, ``field``, ``value``, ``basis``.
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    status: Mapped[ChangeStatus] = mapped_column(enum_column(ChangeStatus), default=ChangeStatus.RUNNING)
    #: People who were meant when it began, how many of them were looked at, and how many it changed.
    total_count: Mapped[int] = mapped_column(default=0)
    done_count: Mapped[int] = mapped_column(default=0)
    changed_count: Mapped[int] = mapped_column(default=0)
    undone_count: Mapped[int] = mapped_column(default=0)
    #: The last subscriber who was looked at; they come in the order of their ids.
    after_id: Mapped[UUID | None]
    error: Mapped[str] = mapped_column(String(500), default="")
    #: The last sign of life of a run.
    touched_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]

    created_by: Mapped[User | None] = relationship()

    __table_args__ = (
        Index("ix_bulk_changes_workspace_id_id", "workspace_id", "id"),
        Index(
            "ix_bulk_changes_at_work",
            "touched_at",
            postgresql_where=text(_AT_WORK),
            sqlite_where=text(_AT_WORK),
        ),
    )

    def can_be_undone(self, now: datetime) -> bool:
        """Whether it changed anybody, lately enough and in a way that can be taken back."""
        is_over = self.status in {ChangeStatus.FINISHED, ChangeStatus.CANCELLED, ChangeStatus.FAILED}
        is_late = now - (self.finished_at or self.created_at) > UNDO_FOR
        return is_over and self.kind.has_way_back and self.changed_count > 0 and not is_late


class ChangedSubscriber(Base):
    """Somebody whom a change changed: what undoing it puts back."""

    __tablename__ = "changed_subscribers"

    bulk_change_id: Mapped[UUID] = mapped_column(
        ForeignKey(BulkChange.id, ondelete="CASCADE"), primary_key=True
    )
    subscriber_id: Mapped[UUID] = mapped_column(
        ForeignKey(Subscriber.id, ondelete="CASCADE"), primary_key=True, index=True
    )
    #: Of a field: the ``value`` that there was; None was none.
    before: Mapped[dict[str, Any]] = mapped_column(default=dict)
