"""Mailing lists, subscribers, subscriptions, fields, tags and imports."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    Computed,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mailer.accounts.models import User, Workspace
from mailer.db import Base, Id, Identified, enum_column, sorted_text
from mailer.lib.addresses import address_key
from mailer.lib.clock import utcnow

_BROUGHT: Final = "import_id IS NOT NULL"
_WISHED: Final = "days_between IS NOT NULL"
_AT_WORK: Final = "status IN ('checking', 'running', 'undoing')"


class OptIn(StrEnum):
    """Whether a subscription starts at once or after a confirmation by mail."""

    SINGLE = "single"
    DOUBLE = "double"


class Visibility(StrEnum):
    """Whether a list has a sign-up page and stands on the preference page."""

    PUBLIC = "public"
    PRIVATE = "private"


class MailingList(Identified, Base):
    """What one subscribes to."""

    __tablename__ = "mailing_lists"
    prefix = "lst"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(120))
    description: Mapped[str] = mapped_column(String(500), default="")
    opt_in: Mapped[OptIn] = mapped_column(enum_column(OptIn), default=OptIn.DOUBLE)
    visibility: Mapped[Visibility] = mapped_column(enum_column(Visibility), default=Visibility.PUBLIC)
    #: The words beside the sign-up button; every consent record keeps those that were shown.
    consent_words: Mapped[str] = mapped_column(String(1000), default="")
    welcome_subject: Mapped[str] = mapped_column(String(200), default="")
    #: Markdown; empty when no welcome mail is sent.
    welcome_body: Mapped[str] = mapped_column(Text, default="")
    archived_at: Mapped[datetime | None]
    #: Campaigns of this list to one subscriber within 24 hours and within 7 days; None is no cap.
    most_per_day: Mapped[int | None]
    most_per_week: Mapped[int | None]

    workspace: Mapped[Workspace] = relationship()

    __table_args__ = (
        UniqueConstraint("workspace_id", "name"),
        CheckConstraint("length(name) > 0", name="has_name"),
    )


class Subscriber(Identified, Base):
    """An address in the audience and what we know of it."""

    __tablename__ = "subscribers"
    prefix = "sub"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"))
    email: Mapped[str] = mapped_column(String(320))
    #: ``lib.addresses.address_key(email)``: two spellings of one address are one subscriber.
    email_key: Mapped[str] = mapped_column(sorted_text(320))
    name: Mapped[str] = mapped_column(String(200), default="")
    #: What a search by name looks in; the database keeps it.
    name_key: Mapped[str] = mapped_column(sorted_text(200), Computed("lower(name)", persisted=True))
    locale: Mapped[str] = mapped_column(String(20), default="")
    time_zone: Mapped[str] = mapped_column(String(64), default="")
    #: Values of the workspace's custom fields by key.
    fields: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: Asked on the preference page to hear nothing until then.
    paused_until: Mapped[datetime | None]
    #: Asked there for one campaign in so many days at most.
    days_between: Mapped[int | None]
    #: The import that brought them.
    import_id: Mapped[UUID | None]
    updated_at: Mapped[datetime] = mapped_column(default=utcnow, onupdate=utcnow)

    tags: Mapped[list["Tag"]] = relationship(secondary="subscriber_tags", order_by="Tag.name")
    subscriptions: Mapped[list["Subscription"]] = relationship(
        back_populates="subscriber", passive_deletes=True
    )

    __table_args__ = (
        UniqueConstraint("workspace_id", "email_key"),
        Index("ix_subscribers_workspace_id_id", "workspace_id", "id"),
        # Those few who wish to hear less: asked for at each claim.
        Index(
            "ix_subscribers_days_between",
            "workspace_id",
            postgresql_where=text(_WISHED),
            sqlite_where=text(_WISHED),
        ),
        Index("ix_subscribers_workspace_id_name_key", "workspace_id", "name_key"),
        Index(
            "ix_subscribers_import_id",
            "import_id",
            postgresql_where=text(_BROUGHT),
            sqlite_where=text(_BROUGHT),
        ),
        CheckConstraint("email_key LIKE '%_@_%'", name="email_key_is_address"),
    )

    def change_address(self, email: str) -> None:
        """Move this subscriber to another (already checked) address."""
        self.email, self.email_key = email, address_key(email)


class AddressChange(Identified, Base):
    """A subscriber had another address before."""

    __tablename__ = "address_changes"
    prefix = "adc"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"))
    subscriber_id: Mapped[UUID] = mapped_column(ForeignKey(Subscriber.id, ondelete="CASCADE"), index=True)
    before: Mapped[str] = mapped_column(String(320))
    #: The subscriber whose address it was, when two were merged; links in their mails lead here.
    merged_from_id: Mapped[UUID | None] = mapped_column(index=True)
    #: Who changed it; none when a program or the person did.
    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))


class Note(Identified, Base):
    """What a member wrote about a subscriber for the others."""

    __tablename__ = "notes"
    prefix = "nte"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"))
    subscriber_id: Mapped[UUID] = mapped_column(ForeignKey(Subscriber.id, ondelete="CASCADE"), index=True)
    text: Mapped[str] = mapped_column(String(2000))
    author_id: Mapped[UUID | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))

    author: Mapped[User | None] = relationship()

    __table_args__ = (CheckConstraint("length(text) > 0", name="has_text"),)


class Erasure(Base):
    """Somebody was erased: a keyed hash of their address, by which an import knows them, and nobody else."""

    __tablename__ = "erasures"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"), primary_key=True)
    #: BLAKE2b in hexadecimal, keyed with a secret of this installation.
    mark: Mapped[str] = mapped_column(String(32), primary_key=True)
    erased_at: Mapped[datetime]


class SubscriptionStatus(StrEnum):
    """Where a subscription stands."""

    PENDING = "pending"
    ACTIVE = "active"
    UNSUBSCRIBED = "unsubscribed"


class Subscription(Identified, Base):
    """A subscriber on a list."""

    __tablename__ = "subscriptions"
    prefix = "scn"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"))
    list_id: Mapped[UUID] = mapped_column(ForeignKey(MailingList.id, ondelete="CASCADE"))
    subscriber_id: Mapped[UUID] = mapped_column(ForeignKey(Subscriber.id, ondelete="CASCADE"), index=True)
    status: Mapped[SubscriptionStatus] = mapped_column(enum_column(SubscriptionStatus))
    #: When it last became active.
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    #: When the last confirmation mail was asked for; the next waits politely.
    confirmation_sent_at: Mapped[datetime | None]
    #: Since when a mail is due: while pending the confirmation, once active the welcome.
    mail_due_at: Mapped[datetime | None]
    #: The import that gave this place.
    import_id: Mapped[UUID | None]

    list: Mapped[MailingList] = relationship()
    subscriber: Mapped[Subscriber] = relationship(back_populates="subscriptions")

    __table_args__ = (
        UniqueConstraint("list_id", "subscriber_id"),
        Index(
            "ix_subscriptions_workspace_id_status_subscriber_id", "workspace_id", "status", "subscriber_id"
        ),
        Index("ix_subscriptions_list_id_status_subscriber_id", "list_id", "status", "subscriber_id"),
        Index(
            "ix_subscriptions_mail_due_at",
            "mail_due_at",
            postgresql_where=text("mail_due_at IS NOT NULL"),
            sqlite_where=text("mail_due_at IS NOT NULL"),
        ),
        Index(
            "ix_subscriptions_import_id",
            "import_id",
            postgresql_where=text(_BROUGHT),
            sqlite_where=text(_BROUGHT),
        ),
        CheckConstraint("status <> 'active' OR started_at IS NOT NULL", name="active_has_start"),
        CheckConstraint("status <> 'unsubscribed' OR ended_at IS NOT NULL", name="unsubscribed_has_end"),
    )

    @property
    def is_active(self) -> bool:
        """Whether the subscriber receives this list."""
        return self.status is SubscriptionStatus.ACTIVE

    def start(self, *, at: datetime) -> None:
        """Make the subscription active."""
        self.status, self.started_at, self.ended_at = SubscriptionStatus.ACTIVE, at, None

    def await_confirmation(self) -> None:
        """Wait for the subscriber to confirm."""
        self.status, self.ended_at = SubscriptionStatus.PENDING, None

    def end(self, *, at: datetime) -> None:
        """End the subscription."""
        self.status, self.ended_at = SubscriptionStatus.UNSUBSCRIBED, at


class ListDay(Base):
    """What happened on a list in one day (UTC); triggers (migration 0003) keep it.

    Sums over a list's days are its counts, so that no page counts subscriptions.
    """

    __tablename__ = "list_days"

    list_id: Mapped[UUID] = mapped_column(ForeignKey(MailingList.id, ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    #: Subscriptions that became active, and active ones that ended or were erased.
    joined: Mapped[int]
    departed: Mapped[int]
    #: Net changes.
    pending: Mapped[int]
    unsubscribed: Mapped[int]


class AudienceDay(Base):
    """How many subscribers a workspace gained and lost in one day (UTC); kept like :class:`ListDay`."""

    __tablename__ = "audience_days"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    added: Mapped[int]
    erased: Mapped[int]


class FieldType(StrEnum):
    """What a custom field holds."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    #: Any number of some choices, kept as a list in the order of the choices.
    CHOICES = "choices"
    URL = "url"

    @property
    def has_choices(self) -> bool:
        """Whether its values are among some that are given."""
        return self in {FieldType.CHOICE, FieldType.CHOICES}


class Editor(StrEnum):
    """Who may change what a field says of somebody, besides staff."""

    #: The person, where one of the forms asks for it.
    ASKED = "asked"
    #: The person, on their preference page, whether or not a form asks.
    PERSON = "person"
    #: Nobody else: a form may ask once, and the answer is staff's from then on.
    STAFF = "staff"


class Field(Identified, Base):
    """A typed custom attribute of the workspace's subscribers."""

    __tablename__ = "fields"
    prefix = "fld"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(60))
    label: Mapped[str] = mapped_column(String(120))
    type: Mapped[FieldType] = mapped_column(enum_column(FieldType), default=FieldType.TEXT)
    choices: Mapped[list[str]] = mapped_column(default=list)
    #: Forms do not go on without it, and a person cannot empty it; imports and programs can.
    is_required: Mapped[bool] = mapped_column(default=False)
    #: What new subscribers have unless something else is said of them, as it is typed; empty for nothing.
    default_value: Mapped[str] = mapped_column(String(500), default="")
    editor: Mapped[Editor] = mapped_column(enum_column(Editor), default=Editor.ASKED)

    __table_args__ = (UniqueConstraint("workspace_id", "key"),)


class Tag(Identified, Base):
    """A label on subscribers."""

    __tablename__ = "tags"
    prefix = "tag"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(60))

    __table_args__ = (UniqueConstraint("workspace_id", "name"),)


subscriber_tags = Table(
    "subscriber_tags",
    Base.metadata,
    Column("subscriber_id", Id, ForeignKey(Subscriber.id, ondelete="CASCADE"), primary_key=True),
    Column("tag_id", Id, ForeignKey(Tag.id, ondelete="CASCADE"), primary_key=True),
    Index("ix_subscriber_tags_tag_id_subscriber_id", "tag_id", "subscriber_id"),
)


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
