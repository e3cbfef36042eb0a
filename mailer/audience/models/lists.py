"""Mailing lists, and what happened on them day by day."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mailer.accounts.models import Workspace
from mailer.columns import enum_column
from mailer.db import Base, Identified


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
