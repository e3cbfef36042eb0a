"""Consent records, which are never changed, and suppressions."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mailer.accounts.models import User, Workspace
from mailer.audience.models import MailingList, Subscriber, Subscription
from mailer.db import Base, Identified, enum_column, sorted_text


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

    @property
    def is_proof_of_address(self) -> bool:
        """Whether only someone who reads the address's mail can act this way."""
        return self in {Channel.CONFIRMATION_PAGE, Channel.PREFERENCE_PAGE, Channel.LINK, Channel.ONE_CLICK}

    @property
    def is_own_act(self) -> bool:
        """Whether the subscriber acts, rather than somebody for them."""
        return self.is_proof_of_address or self is Channel.SIGNUP_PAGE


@dataclass(frozen=True)
class Evidence:
    """How an act was done: what its consent record will prove.

    :param words: exactly what was shown, or the basis that somebody else stated
    :param actor_id: the member of staff who acted for the subscriber
    :param delivery_id: the delivery whose link was followed
    """

    via: Channel
    words: str = ""
    locale: str = ""
    ip: str = ""
    user_agent: str = ""
    actor_id: UUID | None = None
    delivery_id: UUID | None = None


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

    @classmethod
    def of(
        cls, subject: Subscription | Subscriber, *, act: Act, evidence: Evidence, at: datetime
    ) -> "ConsentRecord":
        """Return the record of an act about one subscription, or about all of a subscriber's."""
        return cls(
            workspace_id=subject.workspace_id,
            subscriber_id=subject.subscriber_id if isinstance(subject, Subscription) else subject.id,
            list_id=subject.list_id if isinstance(subject, Subscription) else None,
            act=act,
            via=evidence.via,
            # PostgreSQL has no zero byte in a text.
            words=evidence.words.replace("\0", "")[:2000],
            locale=evidence.locale[:20],
            ip=evidence.ip[:45],
            user_agent=evidence.user_agent.replace("\0", "")[:300],
            actor_id=evidence.actor_id,
            delivery_id=evidence.delivery_id,
            created_at=at,
        )


class UnsealedRecord(Base):
    """A consent record that waits for its seal; a trigger (``seal_consent``'s migration) puts it here."""

    __tablename__ = "consent_unsealed"

    record_id: Mapped[UUID] = mapped_column(primary_key=True)


class ConsentSeal(Base):
    """One link of a workspace's chain: a record's digest, and a hash of it and of the link before.

    It outlives the record, which goes with its subscriber when they are erased: the digest
    stays, of which nobody can make the record again.
    """

    __tablename__ = "consent_seals"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    record_id: Mapped[UUID] = mapped_column(unique=True)
    subscriber_id: Mapped[UUID]
    #: SHA-256 in hexadecimal.
    digest: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


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
    email_key: Mapped[str] = mapped_column(sorted_text(320))
    reason: Mapped[SuppressionReason] = mapped_column(enum_column(SuppressionReason))
    detail: Mapped[str] = mapped_column(String(500), default="")
    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))
    delivery_id: Mapped[UUID | None]
    #: The import that brought it, which takes it back when it is undone.
    import_id: Mapped[UUID | None]

    __table_args__ = (
        UniqueConstraint("workspace_id", "email_key"),
        Index(
            "ix_suppressions_import_id",
            "import_id",
            postgresql_where=text("import_id IS NOT NULL"),
            sqlite_where=text("import_id IS NOT NULL"),
        ),
        Index("ix_suppressions_workspace_id_id", "workspace_id", "id"),
    )


class LiftedSuppression(Identified, Base):
    """A suppression that somebody took back, and why: kept, since the next bounce asks who did."""

    __tablename__ = "lifted_suppressions"
    prefix = "lft"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"), index=True)
    email_key: Mapped[str] = mapped_column(sorted_text(320))
    reason: Mapped[SuppressionReason] = mapped_column(enum_column(SuppressionReason))
    detail: Mapped[str] = mapped_column(String(500), default="")
    suppressed_at: Mapped[datetime]
    #: Why it was taken back.
    words: Mapped[str] = mapped_column(String(500))
    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))
