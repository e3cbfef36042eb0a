"""Exports that a worker writes."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mailer.accounts.models import User, Workspace
from mailer.columns import enum_column
from mailer.db import Base, Identified

_TO_SWEEP: Final = "status IN ('running', 'finished')"
#: How long a file can be fetched: it is people's data, and whoever is erased meanwhile is still in it.
KEPT_FOR: Final = timedelta(days=2)


class ExportKind(StrEnum):
    """What is in a file."""

    SUBSCRIBERS = "subscribers"
    SUPPRESSIONS = "suppressions"


class ExportFormat(StrEnum):
    """How it is written."""

    CSV = "csv"
    JSONL = "jsonl"


class ExportStatus(StrEnum):
    """How far an export is."""

    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    EXPIRED = "expired"


class Export(Identified, Base):
    """A file that a worker writes, and how far it is."""

    __tablename__ = "exports"
    prefix = "exp"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"))
    created_by_id: Mapped[UUID | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))
    kind: Mapped[ExportKind] = mapped_column(enum_column(ExportKind))
    format: Mapped[ExportFormat] = mapped_column(enum_column(ExportFormat))
    #: Whom it is of (``segments.selection.Selection``).
    selection: Mapped[dict[str, Any]] = mapped_column(default=dict)
    status: Mapped[ExportStatus] = mapped_column(enum_column(ExportStatus), default=ExportStatus.RUNNING)
    #: Rows that were meant when it began, how many of them are written, and how long that is.
    total_count: Mapped[int] = mapped_column(default=0)
    done_count: Mapped[int] = mapped_column(default=0)
    byte_count: Mapped[int] = mapped_column(BigInteger, default=0)
    error: Mapped[str] = mapped_column(String(500), default="")
    #: The run that writes it: of two, the one that began last.
    run_id: Mapped[UUID | None]
    #: The last sign of life of a run.
    touched_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]

    created_by: Mapped[User | None] = relationship()

    __table_args__ = (
        Index("ix_exports_workspace_id_id", "workspace_id", "id"),
        Index(
            "ix_exports_to_sweep",
            "status",
            "touched_at",
            postgresql_where=text(_TO_SWEEP),
            sqlite_where=text(_TO_SWEEP),
        ),
    )

    @property
    def expires_at(self) -> datetime | None:
        """Until when its file can be fetched."""
        return None if self.finished_at is None or self.error else self.finished_at + KEPT_FOR
