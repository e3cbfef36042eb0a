"""Consent records, which are never changed, the words that they refer to, and suppressions."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from mailer.accounts.models import User, Workspace
from mailer.audience.models import MailingList, Subscriber
from mailer.columns import enum_column, sorted_text
from mailer.db import Base, Identified


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
    :param form_version_id: the version of the sign-up form that was filled in
    """

    via: Channel
    words: str = ""
    locale: str = ""
    ip: str = ""
    user_agent: str = ""
    actor_id: UUID | None = None
    delivery_id: UUID | None = None
    form_version_id: UUID | None = None


class ConsentWords(Base):
    """A text that people agreed to, kept once for everybody who saw it, under its hash.

    A trigger refuses to change it, and to delete it while its workspace stands.
    """

    __tablename__ = "consent_words"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"), primary_key=True)
    #: SHA-256 of the text in UTF-8, in hexadecimal.
    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    text: Mapped[str] = mapped_column(Text)


class ConsentRecord(Identified, Base):
    """Who agreed to what, when, how, and with which words before their eyes.

    Triggers refuse to change a record, but for forgetting where somebody was, and to
    delete one while its subscriber and its workspace stand; only a demo workspace's may go.
    """

    __tablename__ = "consent_records"
    prefix = "cns"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"), index=True)
    subscriber_id: Mapped[UUID] = mapped_column(ForeignKey(Subscriber.id, ondelete="CASCADE"), index=True)
    list_id: Mapped[UUID | None] = mapped_column(ForeignKey(MailingList.id, ondelete="CASCADE"))
    act: Mapped[Act] = mapped_column(enum_column(Act))
    via: Mapped[Channel] = mapped_column(enum_column(Channel))
    #: Of the ``ConsentWords``: exactly what was shown, or the basis that an importer stated.
    words_hash: Mapped[str | None] = mapped_column(String(64))
    locale: Mapped[str] = mapped_column(String(20), default="")
    #: As exact as the workspace keeps it; forgotten, with the salt, when it says so.
    ip: Mapped[str] = mapped_column(String(45), default="")
    user_agent: Mapped[str] = mapped_column(String(300), default="")
    salt: Mapped[str | None] = mapped_column(String(32))
    #: Salted hash of address and user agent, which stays: the seal is about it instead of them.
    origin: Mapped[str | None] = mapped_column(String(64))
    #: The version of the sign-up form, when there was one (``signup``).
    form_version_id: Mapped[UUID | None]
    #: The member of staff who acted for the subscriber.
    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey(User.id))
    #: The delivery whose link was followed, when one was.
    delivery_id: Mapped[UUID | None]
    #: Of the copy of a record of somebody who was merged into its subscriber: that record, and whose it was.
    original_id: Mapped[UUID | None]
    original_subscriber_id: Mapped[UUID | None]

    subscriber: Mapped[Subscriber] = relationship()
    list: Mapped[MailingList | None] = relationship()
    shown: Mapped[ConsentWords | None] = relationship(
        viewonly=True,
        lazy="joined",
        primaryjoin=lambda: (
            (foreign(ConsentRecord.words_hash) == ConsentWords.hash)
            & (foreign(ConsentRecord.workspace_id) == ConsentWords.workspace_id)
        ),
    )

    @property
    def words(self) -> str:
        """Exactly what was shown, or the basis that was stated."""
        return self.shown.text if self.shown else ""


class AddressDetail(StrEnum):
    """How much of somebody's internet address a consent record keeps."""

    FULL = "full"
    NETWORK = "network"
    NONE = "none"


class ConsentPolicy(Base):
    """What a workspace keeps of where people were when they agreed, and how often it mails them at most.

    A workspace without a row keeps everything and has no cap.
    """

    __tablename__ = "consent_policies"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"), primary_key=True)
    address_detail: Mapped[AddressDetail] = mapped_column(
        enum_column(AddressDetail), default=AddressDetail.FULL
    )
    #: Address and user agent are forgotten after so many days; None keeps them.
    address_days: Mapped[int | None]
    #: Campaigns to one subscriber within 24 hours and within 7 days; None is no cap.
    most_per_day: Mapped[int | None]
    most_per_week: Mapped[int | None]

    __table_args__ = (
        CheckConstraint("address_days > 0", name="address_days_positive"),
        CheckConstraint("most_per_day > 0", name="most_per_day_positive"),
        CheckConstraint("most_per_week > 0", name="most_per_week_positive"),
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


class MailAllowance(Base):
    """How many mails an address got lately because somebody typed it into a form (``allowance.py``)."""

    __tablename__ = "mail_allowances"

    #: SHA-256 of the address's key: most of them are nobody's whom we know.
    address_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    began_at: Mapped[datetime]
    count: Mapped[int]


class Why(StrEnum):
    """What somebody says who was asked, after leaving, why they left."""

    TOO_MANY = "too_many"
    NOT_INTERESTING = "not_interesting"
    NEVER_ASKED = "never_asked"
    BADLY_SHOWN = "badly_shown"
    OTHER = "other"


class LeaveReason(Identified, Base):
    """Why somebody left, in their own words or by choosing."""

    __tablename__ = "leave_reasons"
    prefix = "why"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"), index=True)
    subscriber_id: Mapped[UUID] = mapped_column(ForeignKey(Subscriber.id, ondelete="CASCADE"), index=True)
    delivery_id: Mapped[UUID | None]
    why: Mapped[Why] = mapped_column(enum_column(Why))
    words: Mapped[str] = mapped_column(String(500), default="")


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


class StreamSuppression(Identified, Base):
    """An address that gets nothing from one stream of transactional messages.

    Its owner reported such a message as unwanted, or asked for no more of them; campaigns
    and other streams have a say of their own.
    """

    __tablename__ = "stream_suppressions"
    prefix = "ssp"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"))
    stream: Mapped[str] = mapped_column(String(40))
    email_key: Mapped[str] = mapped_column(String(320))
    reason: Mapped[SuppressionReason] = mapped_column(enum_column(SuppressionReason))
    detail: Mapped[str] = mapped_column(String(500), default="")
    #: The import that brought it, which takes it back when it is undone.
    import_id: Mapped[UUID | None]

    __table_args__ = (
        UniqueConstraint("workspace_id", "email_key", "stream"),
        Index(
            "ix_stream_suppressions_import_id",
            "import_id",
            postgresql_where=text("import_id IS NOT NULL"),
            sqlite_where=text("import_id IS NOT NULL"),
        ),
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
