"""Messages that programs asked for, templates as programs know them, and how long a log is kept."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mailer.accounts.models import Workspace
from mailer.columns import enum_column
from mailer.composing.models import Template
from mailer.db import Base, Identified
from mailer.delivery.models import Message


class Source(StrEnum):
    """By which door a message was asked for."""

    API = "api"
    SMTP = "smtp"
    RESEND = "resend"
    POSTMARK = "postmark"
    SENDGRID = "sendgrid"
    PERSON = "person"


class TransactionalMessage(Identified, Base):
    """One message that a program asked for, as the log has it. It bears the id of its content.

    What became of it is its deliveries', one for each address.
    """

    __tablename__ = "transactional_messages"
    prefix = "msg"

    id: Mapped[UUID] = mapped_column(
        ForeignKey(Message.id, ondelete="CASCADE"), primary_key=True, sort_order=-2
    )
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"))
    source: Mapped[Source] = mapped_column(enum_column(Source))
    stream: Mapped[str] = mapped_column(String(40))
    #: Whom it is to as its head says, and whom no head names.
    to: Mapped[list[str]]
    cc: Mapped[list[str]] = mapped_column(default=list)
    bcc: Mapped[list[str]] = mapped_column(default=list)
    template_id: Mapped[UUID | None] = mapped_column(ForeignKey(Template.id, ondelete="SET NULL"))
    #: The version of the template that it was written from.
    template_version: Mapped[int | None]
    #: When it was asked to leave; none for at once.
    scheduled_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    #: When its words and files were forgotten; the log goes on without them.
    redacted_at: Mapped[datetime | None]

    message: Mapped[Message] = relationship()
    template: Mapped[Template | None] = relationship()
    tags: Mapped[list["TransactionalTag"]] = relationship(order_by="TransactionalTag.name", viewonly=True)

    __table_args__ = (
        Index("ix_transactional_messages_workspace_id_id", "workspace_id", "id"),
        Index("ix_transactional_messages_workspace_id_stream_id", "workspace_id", "stream", "id"),
        Index(
            "ix_transactional_messages_template_id",
            "template_id",
            "id",
            postgresql_where=text("template_id IS NOT NULL"),
            sqlite_where=text("template_id IS NOT NULL"),
        ),
        # What is still to be forgotten, however long the log has grown.
        Index(
            "ix_transactional_messages_unredacted",
            "workspace_id",
            "id",
            postgresql_where=text("redacted_at IS NULL"),
            sqlite_where=text("redacted_at IS NULL"),
        ),
    )


class TransactionalTag(Base):
    """A word that a program gave a message, by which it is found again."""

    __tablename__ = "transactional_tags"

    message_id: Mapped[UUID] = mapped_column(
        ForeignKey(TransactionalMessage.id, ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"))

    __table_args__ = (Index("ix_transactional_tags_workspace_id_name", "workspace_id", "name", "message_id"),)


class TemplateUse(Base):
    """A template as programs ask for it: by a name of their own, with a subject."""

    __tablename__ = "template_uses"

    template_id: Mapped[UUID] = mapped_column(ForeignKey(Template.id, ondelete="CASCADE"), primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"))
    #: None while programs know its id alone.
    alias: Mapped[str | None] = mapped_column(String(80))
    #: In the merge language; what a request says instead comes first.
    subject: Mapped[str] = mapped_column(String(500), default="")

    template: Mapped[Template] = relationship()

    __table_args__ = (UniqueConstraint("workspace_id", "alias"),)


class LogRetention(Base):
    """How long a workspace keeps what it sent: first the words are forgotten, then the whole entry."""

    __tablename__ = "log_retentions"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"), primary_key=True)
    content_days: Mapped[int] = mapped_column(default=30)
    entry_days: Mapped[int] = mapped_column(default=365)

    __table_args__ = (
        CheckConstraint("content_days BETWEEN 0 AND 3650", name="forgets_content"),
        CheckConstraint(
            "entry_days BETWEEN 1 AND 3650 AND entry_days >= content_days", name="forgets_entries"
        ),
    )
