"""Subscribers, their subscriptions and tags, and what is remembered of who they were."""

from datetime import date, datetime
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
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mailer.accounts.models import User, Workspace
from mailer.audience.models.lists import MailingList
from mailer.columns import Id, enum_column, sorted_text
from mailer.db import Base, Identified
from mailer.lib.addresses import address_key
from mailer.lib.clock import utcnow

_BROUGHT: Final = "import_id IS NOT NULL"
_WISHED: Final = "days_between IS NOT NULL"
_KNOWN_ELSEWHERE: Final = "external_id IS NOT NULL"


class Tag(Identified, Base):
    """A label on subscribers."""

    __tablename__ = "tags"
    prefix = "tag"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(60))

    __table_args__ = (UniqueConstraint("workspace_id", "name"),)


class Subscriber(Identified, Base):
    """An address in the audience and what we know of it."""

    __tablename__ = "subscribers"
    prefix = "sub"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"))
    email: Mapped[str] = mapped_column(String(320))
    #: ``lib.addresses.address_key(email)``: two spellings of one address are one subscriber.
    email_key: Mapped[str] = mapped_column(sorted_text(320))
    name: Mapped[str] = mapped_column(String(200), default="")
    #: What a program of the workspace calls them; each names one subscriber.
    external_id: Mapped[str | None] = mapped_column(String(255))
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
        Index(
            "ix_subscribers_workspace_id_external_id",
            "workspace_id",
            "external_id",
            unique=True,
            postgresql_where=text(_KNOWN_ELSEWHERE),
            sqlite_where=text(_KNOWN_ELSEWHERE),
        ),
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


subscriber_tags = Table(
    "subscriber_tags",
    Base.metadata,
    Column("subscriber_id", Id, ForeignKey(Subscriber.id, ondelete="CASCADE"), primary_key=True),
    Column("tag_id", Id, ForeignKey(Tag.id, ondelete="CASCADE"), primary_key=True),
    Index("ix_subscriber_tags_tag_id_subscriber_id", "tag_id", "subscriber_id"),
)


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


class AudienceDay(Base):
    """How many subscribers a workspace gained and lost in one day (UTC); kept like :class:`ListDay`."""

    __tablename__ = "audience_days"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    added: Mapped[int]
    erased: Mapped[int]
