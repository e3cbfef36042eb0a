"""What came back, by which rules it counts, and the ways by which it comes."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mailer.accounts.models import Workspace
from mailer.audience.models import Subscriber
from mailer.bounces.parsers.reasons import Reason
from mailer.bounces.parsers.returned import Kind
from mailer.columns import enum_column
from mailer.db import Base, Identified
from mailer.delivery.models import Delivery


class Via(StrEnum):
    """How something came back."""

    MAILBOX = "mailbox"
    LISTENER = "listener"
    WEBHOOK = "webhook"


class Trust(StrEnum):
    """How sure it is which delivery came back, surest first."""

    #: By the signed token of the address it came to.
    TOKEN = "token"  # noqa: S105
    #: By the provider whose signature was checked.
    PROVIDER = "provider"
    #: By the Message-ID, which only who had the mail knows.
    MESSAGE_ID = "message_id"
    #: By the address alone: anybody can write that. It is shown, and nothing follows from it.
    ADDRESS = "address"


class Effect(StrEnum):
    """What followed."""

    NOTHING = "nothing"
    SUPPRESSED = "suppressed"
    UNSUBSCRIBED = "unsubscribed"


class Return(Identified, Base):
    """One thing that came back about one address: a bounce, a complaint, an answer."""

    __tablename__ = "returns"
    prefix = "ret"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"))
    campaign_id: Mapped[UUID | None] = mapped_column(ForeignKey("campaigns.id", ondelete="SET NULL"))
    delivery_id: Mapped[UUID | None] = mapped_column(ForeignKey(Delivery.id, ondelete="SET NULL"), index=True)
    subscriber_id: Mapped[UUID | None] = mapped_column(
        ForeignKey(Subscriber.id, ondelete="SET NULL"), index=True
    )
    kind: Mapped[Kind] = mapped_column(enum_column(Kind))
    email: Mapped[str] = mapped_column(String(320))
    #: Of a bounce: whether mail can never arrive.
    is_hard: Mapped[bool | None]
    reason: Mapped[Reason | None] = mapped_column(enum_column(Reason))
    status: Mapped[str] = mapped_column(String(12), default="")
    code: Mapped[str] = mapped_column(String(3), default="")
    feedback_type: Mapped[str] = mapped_column(String(40), default="")
    subject: Mapped[str] = mapped_column(String(300), default="")
    #: The server's words of a bounce, the writer's of an answer.
    words: Mapped[str] = mapped_column(Text, default="")
    via: Mapped[Via] = mapped_column(enum_column(Via))
    trust: Mapped[Trust] = mapped_column(enum_column(Trust))
    effect: Mapped[Effect] = mapped_column(enum_column(Effect), default=Effect.NOTHING)
    #: What it is known by where it came from, so that it is written down once.
    source_key: Mapped[str] = mapped_column(String(120))

    subscriber: Mapped[Subscriber | None] = relationship()

    __table_args__ = (
        UniqueConstraint("workspace_id", "source_key"),
        Index("ix_returns_workspace_id_id", "workspace_id", "id"),
        Index("ix_returns_campaign_id_kind", "campaign_id", "kind"),
        Index("ix_returns_workspace_id_email", "workspace_id", "email"),
    )


class ReturnSum(Base):
    """How many readers of a campaign something came back about (``sums``), each once of a kind."""

    __tablename__ = "return_sums"

    campaign_id: Mapped[UUID] = mapped_column(
        ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[Kind] = mapped_column(enum_column(Kind), primary_key=True)
    #: Of bounces; false for everything else.
    is_hard: Mapped[bool] = mapped_column(primary_key=True)
    people: Mapped[int]


class BounceRules(Base):
    """When soft bounces are enough."""

    __tablename__ = "bounce_rules"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"), primary_key=True)
    soft_limit: Mapped[int] = mapped_column(default=5)
    within_days: Mapped[int] = mapped_column(default=30)

    __table_args__ = (
        CheckConstraint("soft_limit BETWEEN 1 AND 20", name="soft_limit_in_range"),
        CheckConstraint("within_days BETWEEN 1 AND 365", name="within_days_in_range"),
    )


class Protocol(StrEnum):
    """How a mailbox is read."""

    IMAP = "imap"
    POP3 = "pop3"


class Encryption(StrEnum):
    """How the connection to a mailbox is encrypted."""

    TLS = "tls"
    STARTTLS = "starttls"
    OFF = "off"


class ReturnMailbox(Base):
    """The mailbox that a workspace's bounces and replies come to."""

    __tablename__ = "return_mailboxes"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"), primary_key=True)
    protocol: Mapped[Protocol] = mapped_column(enum_column(Protocol), default=Protocol.IMAP)
    encryption: Mapped[Encryption] = mapped_column(enum_column(Encryption), default=Encryption.TLS)
    host: Mapped[str] = mapped_column(String(255))
    port: Mapped[int]
    user: Mapped[str] = mapped_column(String(255))
    #: ``lib.secrets.encrypt`` under the purpose ``mailbox-password``.
    password_encrypted: Mapped[str] = mapped_column(Text)
    folder: Mapped[str] = mapped_column(String(120), default="INBOX")
    #: Remove what was read; otherwise it is marked as read and stays.
    is_emptied: Mapped[bool] = mapped_column(default=False)
    is_enabled: Mapped[bool] = mapped_column(default=True)
    polled_at: Mapped[datetime | None]
    #: What went wrong the last time; empty when nothing did.
    problem: Mapped[str] = mapped_column(String(500), default="")

    __table_args__ = (CheckConstraint("port BETWEEN 1 AND 65535", name="port_in_range"),)


class Provider(StrEnum):
    """Who calls us when mail comes back."""

    SES = "ses"
    SENDGRID = "sendgrid"
    MAILGUN = "mailgun"
    POSTMARK = "postmark"
    SPARKPOST = "sparkpost"
    BREVO = "brevo"
    MAILJET = "mailjet"
    RESEND = "resend"
    GENERIC = "generic"


class Hook(Identified, Base):
    """An address of ours that a provider calls, and what its calls are proven by."""

    __tablename__ = "return_hooks"
    prefix = "hok"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"))
    provider: Mapped[Provider] = mapped_column(enum_column(Provider))
    #: ``lib.secrets.encrypt`` under the purpose ``return-hook``.
    secret_encrypted: Mapped[str] = mapped_column(Text)
    called_at: Mapped[datetime | None]
    #: What was wrong with the last call; empty when nothing was.
    problem: Mapped[str] = mapped_column(String(500), default="")

    __table_args__ = (UniqueConstraint("workspace_id", "provider"),)
