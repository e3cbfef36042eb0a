"""Files on their way into the audience, and what became of them."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mailer.accounts.models import User, Workspace
from mailer.audience.models.subscribers import Subscriber
from mailer.columns import enum_column
from mailer.db import Base, Identified

_AT_WORK: Final = "status IN ('checking', 'running', 'undoing')"


class ImportStatus(StrEnum):
    """How far an import is."""

    MAPPING = "mapping"
    CHECKING = "checking"
    CHECKED = "checked"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    FAILED = "failed"
    UNDOING = "undoing"
    UNDONE = "undone"

    @property
    def is_at_work(self) -> bool:
        """Whether a worker is at it."""
        return self in {ImportStatus.CHECKING, ImportStatus.RUNNING, ImportStatus.UNDOING}


class Existing(StrEnum):
    """What an import does with what is already known of a subscriber."""

    FILL = "fill"
    OVERWRITE = "overwrite"
    KEEP = "keep"


class Departure(StrEnum):
    """Why somebody in a file is not to be mailed; consent calls the reasons so too."""

    UNSUBSCRIBED = "unsubscribed"
    HARD_BOUNCE = "hard_bounce"
    COMPLAINT = "complaint"
    MANUAL = "manual"
    IMPORTED = "imported"


#: How long an import can be undone: what it changed is forgotten then.
UNDO_FOR: Final = timedelta(days=30)


class Import(Identified, Base):
    """One uploaded file on its way into the audience, and what became of it."""

    __tablename__ = "imports"
    prefix = "imp"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"))
    created_by_id: Mapped[UUID | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))
    file_name: Mapped[str] = mapped_column(String(200))
    #: The upload's name in the data directory's ``imports`` folder.
    stored_as: Mapped[str] = mapped_column(String(80))
    encoding: Mapped[str] = mapped_column(String(20))
    delimiter: Mapped[str] = mapped_column(String(1))
    #: The program whose export this is, by its headings; empty when it is none that we know.
    origin: Mapped[str] = mapped_column(String(40), default="")
    headings: Mapped[list[str]] = mapped_column(default=list)
    #: Number of a column, as text → ``email``, ``name``, ``field:city``, …, as chosen on the mapping page.
    mapping: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: Public ids of the lists that everyone in the file is put on.
    list_ids: Mapped[list[str]] = mapped_column(default=list)
    tag_names: Mapped[list[str]] = mapped_column(default=list)
    existing: Mapped[Existing] = mapped_column(enum_column(Existing), default=Existing.FILL)
    #: Everyone in the file is suppressed, and nobody subscribed.
    is_suppression_list: Mapped[bool] = mapped_column(default=False)
    #: Why these people may be mailed, in the words of whoever imports them.
    consent_basis: Mapped[str] = mapped_column(String(500), default="")
    status: Mapped[ImportStatus] = mapped_column(enum_column(ImportStatus), default=ImportStatus.MAPPING)
    row_count: Mapped[int] = mapped_column(default=0)
    #: What would become of the rows, counted before anything is written; and how far the counting is.
    forecast: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: Rows read so far; a run that was killed goes on from here.
    done_count: Mapped[int] = mapped_column(default=0)
    added_count: Mapped[int] = mapped_column(default=0)
    updated_count: Mapped[int] = mapped_column(default=0)
    unchanged_count: Mapped[int] = mapped_column(default=0)
    refused_count: Mapped[int] = mapped_column(default=0)
    #: People whom the file says not to mail; they are suppressed.
    departed_count: Mapped[int] = mapped_column(default=0)
    #: New places on lists; who was on one, or has left it, stays as they are.
    subscribed_count: Mapped[int] = mapped_column(default=0)
    left_before_count: Mapped[int] = mapped_column(default=0)
    #: How many people, changes and suppressions were taken back.
    undone_count: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(String(500), default="")
    started_at: Mapped[datetime | None]
    #: When this run began, and behind how many rows: what its rate is told from.
    resumed_at: Mapped[datetime | None]
    resumed_count: Mapped[int] = mapped_column(default=0)
    #: The last sign of life of a run.
    touched_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    created_by: Mapped[User | None] = relationship()

    __table_args__ = (
        Index("ix_imports_workspace_id_id", "workspace_id", "id"),
        Index(
            "ix_imports_at_work",
            "touched_at",
            postgresql_where=text(_AT_WORK),
            sqlite_where=text(_AT_WORK),
        ),
    )

    def can_be_undone(self, now: datetime) -> bool:
        """Whether it wrote something, lately enough to take it back."""
        is_over = self.status in {ImportStatus.FINISHED, ImportStatus.CANCELLED, ImportStatus.FAILED}
        return is_over and self.done_count > 0 and now - (self.finished_at or self.created_at) <= UNDO_FOR


class ImportRefusal(Base):
    """A row of an import that was not taken, and why."""

    __tablename__ = "import_refusals"

    import_id: Mapped[UUID] = mapped_column(ForeignKey(Import.id, ondelete="CASCADE"), primary_key=True)
    #: The row's number in the file; the headings are row 1.
    row_number: Mapped[int] = mapped_column(primary_key=True)
    #: The kind of reason, for counting.
    kind: Mapped[str] = mapped_column(String(20), default="")
    reason: Mapped[str] = mapped_column(String(500))
    cells: Mapped[list[str]] = mapped_column(default=list)


class ImportChange(Base):
    """What an import changed about somebody who was there before: what undoing it puts back."""

    __tablename__ = "import_changes"

    import_id: Mapped[UUID] = mapped_column(ForeignKey(Import.id, ondelete="CASCADE"), primary_key=True)
    subscriber_id: Mapped[UUID] = mapped_column(
        ForeignKey(Subscriber.id, ondelete="CASCADE"), primary_key=True, index=True
    )
    #: ``before`` and ``after``: the columns that changed; ``tags``: ids of those that it added.
    change: Mapped[dict[str, Any]] = mapped_column(default=dict)
