"""Consent records, which are never changed, and suppressions."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mailer.accounts.models import User, Workspace
from mailer.audience.models import MailingList, Subscriber
from mailer.db import Base, Identified, enum_column


class Act(StrEnum):
    """What someone did about a subscription."""

    REQUESTED = "requested"
    SUBSCRIBED = "subscribed"
    CONFIRMED = "confirmed"
    UNSUBSCRIBED = "unsubscribed"
    PAUSED = "paused"
    RESUMED = "resumed"


class Channel(StrEnum):
    """How they did it."""

    SIGNUP_PAGE = "signup_page"
    CONFIRMATION_PAGE = "confirmation_page"
    PREFERENCE_PAGE = "preference_page"
    LINK = "link"
    ONE_CLICK = "one_click"
    IMPORT = "import"
    STAFF = "staff"
    API = "api"
    COMPLAINT = "complaint"


class ConsentRecord(Identified, Base):
    """Who agreed to what, when, how, and with which words before their eyes.

    Triggers (migration 0002) refuse to change a record, and to delete one while its
    subscriber and its workspace stand; only a demo workspace's may go.
    """

    __tablename__ = "consent_records"
    prefix = "cns"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"), index=True)
    subscriber_id: Mapped[UUID] = mapped_column(ForeignKey(Subscriber.id, ondelete="CASCADE"), index=True)
    list_id: Mapped[UUID | None] = mapped_column(ForeignKey(MailingList.id, ondelete="CASCADE"))
    act: Mapped[Act] = mapped_column(enum_column(Act))
    via: Mapped[Channel] = mapped_column(enum_column(Channel))
    #: Exactly what was shown, or the basis that an importer stated.
    words: Mapped[str] = mapped_column(String(2000), default="")
    locale: Mapped[str] = mapped_column(String(20), default="")
    ip: Mapped[str] = mapped_column(String(45), default="")
    user_agent: Mapped[str] = mapped_column(String(300), default="")
    #: The member of staff who acted for the subscriber.
    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey(User.id))
    #: The delivery whose link was followed, when one was.
    delivery_id: Mapped[UUID | None]

    subscriber: Mapped[Subscriber] = relationship()
    list: Mapped[MailingList | None] = relationship()


class SuppressionReason(StrEnum):
    """Why an address must not be mailed."""

    HARD_BOUNCE = "hard_bounce"
    COMPLAINT = "complaint"
    UNSUBSCRIBED = "unsubscribed"
    MANUAL = "manual"
    IMPORTED = "imported"


class Suppression(Identified, Base):
    """An address that we must not mail, with its reason; it outlives the subscriber."""

    __tablename__ = "suppressions"
    prefix = "sup"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"))
    email_key: Mapped[str] = mapped_column(String(320))
    reason: Mapped[SuppressionReason] = mapped_column(enum_column(SuppressionReason))
    detail: Mapped[str] = mapped_column(String(500), default="")
    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))
    delivery_id: Mapped[UUID | None]

    __table_args__ = (
        UniqueConstraint("workspace_id", "email_key"),
        Index("ix_suppressions_workspace_id_id", "workspace_id", "id"),
    )
