"""Answers kept for a day, so that a repeated request does its work once."""

from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from mailer.accounts.models import Workspace
from mailer.db import Base, Identified


class IdempotencyKey(Identified, Base):
    """A caller's name for one request, with the answer that it got.

    The row is inserted in the transaction that does the work, so that either both
    exist or neither.
    """

    __tablename__ = "idempotency_keys"
    prefix = "idk"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(256))
    #: SHA-256 over method, path and canonical body: the same key for something else is a mistake.
    fingerprint: Mapped[str] = mapped_column(String(64))
    status: Mapped[int | None]
    body: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        UniqueConstraint("workspace_id", "key"),
        Index("ix_idempotency_keys_created_at", "created_at"),
    )
