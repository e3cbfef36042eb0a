"""Pictures."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from mailer.accounts.models import User, Workspace
from mailer.db import Base, Identified

#: A mail with many of these is slow on a phone, and what is slow is not waited for.
HEAVY_BYTES: Final = 300 * 1024


class Picture(Identified, Base):
    """An uploaded picture; its bytes never change, so that they may be cached for ever."""

    __tablename__ = "pictures"
    prefix = "pic"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"))
    #: As its file was called.
    name: Mapped[str] = mapped_column(String(200))
    #: What it shows, for those who do not see it; empty when nobody has said so yet.
    alt: Mapped[str] = mapped_column(String(500), default="")
    #: The names of the kept files, in the store and in the address.
    stored_as: Mapped[str] = mapped_column(String(80))
    thumbnail_as: Mapped[str] = mapped_column(String(80))
    width: Mapped[int]
    height: Mapped[int]
    byte_count: Mapped[int]
    #: Of the upload: the same picture twice is one.
    digest: Mapped[str] = mapped_column(String(64))
    uploaded_by_id: Mapped[UUID | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))
    #: Not offered any more; mails that show it still do.
    removed_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("stored_as"),
        Index("ix_pictures_workspace_id_id", "workspace_id", "id"),
        Index("ix_pictures_workspace_id_digest", "workspace_id", "digest"),
        CheckConstraint("width > 0 AND height > 0", name="has_size"),
    )

    @property
    def is_heavy(self) -> bool:
        """Whether it weighs more than a phone likes."""
        return self.byte_count > HEAVY_BYTES

    @property
    def warning(self) -> str:
        """What its owner should know; empty when all is well."""
        if self.is_heavy:
            size, wanted = self.byte_count // 1024, HEAVY_BYTES // 1024
            return f"It weighs {size} KB; pictures below {wanted} KB load faster."
        return ""
