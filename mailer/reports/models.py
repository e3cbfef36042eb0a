"""Figures of the whole audience, counted now and then, and who gets the weekly digest."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mailer.accounts.models import Membership, Workspace
from mailer.db import Base


class AudienceSnapshot(Base):
    """How engaged a workspace's audience is, and how long it stays (``snapshot``)."""

    __tablename__ = "audience_snapshots"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"), primary_key=True)
    taken_at: Mapped[datetime]
    figures: Mapped[dict[str, Any]]


class DigestReader(Base):
    """A member who wants the weekly digest."""

    __tablename__ = "digest_readers"

    membership_id: Mapped[UUID] = mapped_column(
        ForeignKey(Membership.id, ondelete="CASCADE"), primary_key=True
    )
    #: The Monday of the last one that was written.
    last_on: Mapped[date]

    membership: Mapped[Membership] = relationship()
