"""Saved segments."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from mailer.accounts.models import User, Workspace
from mailer.db import Base, Identified
from mailer.lib.clock import utcnow
from mailer.segments.conditions import Group, read_tree


class Segment(Identified, Base):
    """Conditions with a name."""

    __tablename__ = "segments"
    prefix = "seg"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(120))
    #: The tree, as ``conditions.Group`` writes it.
    conditions: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_by_id: Mapped[UUID | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))
    updated_at: Mapped[datetime] = mapped_column(default=utcnow, onupdate=utcnow)
    #: How many were in it when somebody last looked, and when that was.
    last_count: Mapped[int | None]
    counted_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("workspace_id", "name"),
        Index("ix_segments_workspace_id_id", "workspace_id", "id"),
        CheckConstraint("length(name) > 0", name="has_name"),
    )

    @property
    def tree(self) -> Group:
        """The conditions, checked."""
        return read_tree(self.conditions)
