"""Saved segments."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from mailer.accounts.models import User, Workspace
from mailer.audience.models import Subscriber, Tag
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
    #: Since when it is written down who enters and leaves; none when it is not.
    followed_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("workspace_id", "name"),
        Index("ix_segments_workspace_id_id", "workspace_id", "id"),
        CheckConstraint("length(name) > 0", name="has_name"),
    )

    @property
    def tree(self) -> Group:
        """The conditions, checked."""
        return read_tree(self.conditions)


class EnterTag(Base):
    """A tag that whoever enters a followed segment gets."""

    __tablename__ = "segment_enter_tags"

    segment_id: Mapped[UUID] = mapped_column(ForeignKey(Segment.id, ondelete="CASCADE"), primary_key=True)
    tag_id: Mapped[UUID] = mapped_column(ForeignKey(Tag.id, ondelete="CASCADE"), primary_key=True, index=True)


class SegmentMember(Base):
    """Somebody who was in a followed segment when it was last looked at."""

    __tablename__ = "segment_members"

    segment_id: Mapped[UUID] = mapped_column(ForeignKey(Segment.id, ondelete="CASCADE"), primary_key=True)
    subscriber_id: Mapped[UUID] = mapped_column(
        ForeignKey(Subscriber.id, ondelete="CASCADE"), primary_key=True, index=True
    )


class SegmentChange(Base):
    """Somebody entered a followed segment, or left it."""

    __tablename__ = "segment_changes"

    segment_id: Mapped[UUID] = mapped_column(ForeignKey(Segment.id, ondelete="CASCADE"), primary_key=True)
    #: When it was seen: those of one look have one time.
    at: Mapped[datetime] = mapped_column(primary_key=True)
    subscriber_id: Mapped[UUID] = mapped_column(
        ForeignKey(Subscriber.id, ondelete="CASCADE"), primary_key=True
    )
    has_entered: Mapped[bool]

    __table_args__ = (
        Index("ix_segment_changes_subscriber_id_segment_id_at", "subscriber_id", "segment_id", "at"),
    )
