"""Who sends, from which domain, over which server."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mailer.accounts.models import Workspace
from mailer.columns import enum_column
from mailer.db import Base, Identified
from mailer.delivery.engine.dkim_keys import Algorithm, record_name, record_value, zone_line


class Sender(Identified, Base):
    """An identity that campaigns are sent from."""

    __tablename__ = "senders"
    prefix = "snd"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(120), default="")
    email: Mapped[str] = mapped_column(String(320))
    reply_to: Mapped[str] = mapped_column(String(320), default="")

    __table_args__ = (UniqueConstraint("workspace_id", "email", "name"),)


class SendingDomain(Identified, Base):
    """A domain that a workspace sends from, and the keys that its mail is signed with (DKIM)."""

    __tablename__ = "sending_domains"
    prefix = "sdm"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"))
    #: As A-labels.
    domain: Mapped[str] = mapped_column(String(253))
    #: Off where the mail server that takes our mail signs it.
    is_signing: Mapped[bool] = mapped_column(default=True)
    #: The domain of the addresses that its bounces come back to; empty for those it is sent from.
    return_path: Mapped[str] = mapped_column(String(253), default="", server_default="")
    #: The host that links and pixels of its mail are of; empty for this Mailer's own.
    tracking_host: Mapped[str] = mapped_column(String(253), default="", server_default="")
    #: Since when that host is known to lead here; none while links are of our own.
    tracking_since: Mapped[datetime | None]

    keys: Mapped[list["DkimKey"]] = relationship(
        back_populates="sending_domain", order_by="DkimKey.id", cascade="all, delete-orphan"
    )

    __table_args__ = (UniqueConstraint("workspace_id", "domain"),)

    def keys_in(self, *states: "KeyState") -> list["DkimKey"]:
        """Return the keys in some states, oldest first."""
        return [key for key in self.keys if key.state in states]

    @property
    def checked_at(self) -> datetime | None:
        """When the record of any of its keys was last looked for."""
        return max((key.checked_at for key in self.keys if key.checked_at is not None), default=None)


class KeyState(StrEnum):
    """How far a key is in its life."""

    #: Its record is not known to be published.
    PENDING = "pending"
    #: It signs.
    ACTIVE = "active"
    #: Another signs in its place; its record stays for the mail that is still on its way.
    REPLACED = "replaced"
    #: Its private half is destroyed, and its record can go.
    RETIRED = "retired"


class DkimKey(Identified, Base):
    """A key pair of a sending domain, published under a selector of its own."""

    __tablename__ = "dkim_keys"
    prefix = "dkm"

    sending_domain_id: Mapped[UUID] = mapped_column(ForeignKey(SendingDomain.id, ondelete="CASCADE"))
    algorithm: Mapped[Algorithm] = mapped_column(enum_column(Algorithm))
    selector: Mapped[str] = mapped_column(String(63))
    #: As ``p=`` of its record has it.
    public_key: Mapped[str] = mapped_column(Text)
    #: ``lib.secrets.encrypt`` under the purpose ``dkim-key``; empty once it is retired.
    private_key_encrypted: Mapped[str] = mapped_column(Text)
    #: When its record was last looked for, and what was wrong with it; empty when nothing was.
    checked_at: Mapped[datetime | None]
    problem: Mapped[str] = mapped_column(String(500), default="")
    activated_at: Mapped[datetime | None]
    replaced_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]

    sending_domain: Mapped[SendingDomain] = relationship(back_populates="keys")

    __table_args__ = (
        UniqueConstraint("sending_domain_id", "selector"),
        # One of a kind signs at a time.
        Index(
            "uq_dkim_keys_active",
            "sending_domain_id",
            "algorithm",
            unique=True,
            postgresql_where=text("activated_at IS NOT NULL AND replaced_at IS NULL AND retired_at IS NULL"),
            sqlite_where=text("activated_at IS NOT NULL AND replaced_at IS NULL AND retired_at IS NULL"),
        ),
    )

    @property
    def state(self) -> KeyState:
        """How far it is in its life."""
        if self.retired_at is not None:
            return KeyState.RETIRED
        if self.replaced_at is not None:
            return KeyState.REPLACED
        return KeyState.PENDING if self.activated_at is None else KeyState.ACTIVE

    @property
    def is_published(self) -> bool:
        """Whether its record was there when it was last looked for."""
        return self.checked_at is not None and not self.problem

    @property
    def record_name(self) -> str:
        """The name of the DNS record that publishes it."""
        return record_name(self.selector, self.sending_domain.domain)

    @property
    def record_value(self) -> str:
        """The text of that record."""
        return record_value(self.algorithm, self.public_key)

    @property
    def zone_line(self) -> str:
        """That record as a zone file has it."""
        return zone_line(self.record_name, self.record_value)


class Tls(StrEnum):
    """How a connection to an SMTP server is encrypted."""

    OFF = "off"
    OPPORTUNISTIC = "opportunistic"
    REQUIRED = "required"
    VERIFY = "verify"


class Transport(Identified, Base):
    """An SMTP server that a workspace's mail leaves by; without any, the installation's is used."""

    __tablename__ = "transports"
    prefix = "trn"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(120), default="")
    #: Its share of the mail beside the others'; with 0 it only steps in when they are in trouble.
    weight: Mapped[int] = mapped_column(default=100)
    is_enabled: Mapped[bool] = mapped_column(default=True)
    #: Only mail from these domains leaves by it; empty for all that no other one names.
    from_domains: Mapped[list[str]] = mapped_column(default=list)
    #: Open at a time, for each worker process.
    connections: Mapped[int] = mapped_column(default=8)
    messages_per_connection: Mapped[int] = mapped_column(default=1_000)
    #: The most messages that each machine hands it in a second; unlimited when none.
    per_second: Mapped[float | None]
    host: Mapped[str] = mapped_column(String(255))
    port: Mapped[int]
    tls: Mapped[Tls] = mapped_column(enum_column(Tls))
    user: Mapped[str] = mapped_column(String(255), default="")
    #: ``lib.secrets.encrypt`` under the purpose ``transport-password``.
    password_encrypted: Mapped[str] = mapped_column(Text, default="")
    updated_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("port BETWEEN 1 AND 65535", name="port_in_range"),
        CheckConstraint("weight BETWEEN 0 AND 100", name="weight_in_range"),
        CheckConstraint("connections > 0 AND messages_per_connection > 0", name="has_connections"),
    )
