"""Templates: reusable designs that a campaign's words are set in."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from mailer.accounts.models import Workspace
from mailer.db import Base, Identified
from mailer.lib.clock import utcnow


class Format(StrEnum):
    """What a body is written in."""

    MARKDOWN = "markdown"
    HTML = "html"


class Template(Identified, Base):
    """A whole HTML document with a ``{{ content }}`` slot for a campaign's words."""

    __tablename__ = "templates"
    prefix = "tpl"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(120))
    html: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[datetime] = mapped_column(default=utcnow, onupdate=utcnow)
    archived_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("workspace_id", "name"),
        CheckConstraint("length(name) > 0", name="has_name"),
    )
