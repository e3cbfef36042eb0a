"""How sending domains stand: checks, reports of others, sums by provider."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mailer.accounts.models import Workspace
from mailer.columns import enum_column
from mailer.db import Base, Identified
from mailer.delivery.engine.domain_checks.findings import CheckKind, Health
from mailer.delivery.engine.reputation import Level
from mailer.delivery.models.senders import SendingDomain


class DomainStanding(Base):
    """How a sending domain fares, as the guard sees it (``guard``); one that always fared well has no row."""

    __tablename__ = "domain_standings"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"), primary_key=True)
    #: The From address's, as A-labels.
    domain: Mapped[str] = mapped_column(String(253), primary_key=True)
    level: Mapped[Level] = mapped_column(enum_column(Level))
    #: Why it is not good.
    reason: Mapped[str] = mapped_column(String(500), default="")
    changed_at: Mapped[datetime]
    #: Since when what it sends is counted, once somebody went on after a pause.
    armed_at: Mapped[datetime | None]


class DomainCheck(Base):
    """What the doctor found of a sending domain the last time (``doctor``)."""

    __tablename__ = "domain_checks"

    sending_domain_id: Mapped[UUID] = mapped_column(
        ForeignKey(SendingDomain.id, ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[CheckKind] = mapped_column(enum_column(CheckKind), primary_key=True)
    health: Mapped[Health] = mapped_column(enum_column(Health))
    #: What is there.
    found: Mapped[str] = mapped_column(Text, default="")
    #: What it means, and what to do.
    advice: Mapped[str] = mapped_column(Text, default="")
    #: The record to paste, where one would mend it.
    record_name: Mapped[str] = mapped_column(String(300), default="")
    record_kind: Mapped[str] = mapped_column(String(8), default="")
    record_value: Mapped[str] = mapped_column(Text, default="")
    checked_at: Mapped[datetime]
    #: Since when its health is what it is.
    since: Mapped[datetime]


class DmarcReport(Identified, Base):
    """What one receiver saw of a sending domain's mail in a day (RFC 9990)."""

    __tablename__ = "dmarc_reports"
    prefix = "dmr"

    sending_domain_id: Mapped[UUID] = mapped_column(ForeignKey(SendingDomain.id, ondelete="CASCADE"))
    #: Who reports.
    reporter: Mapped[str] = mapped_column(String(200))
    #: The receiver's own id of it.
    report_id: Mapped[str] = mapped_column(String(200))
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    policy: Mapped[str] = mapped_column(String(12), default="")

    sources: Mapped[list["DmarcSource"]] = relationship(cascade="all, delete-orphan")

    __table_args__ = (
        UniqueConstraint("sending_domain_id", "reporter", "report_id"),
        Index("ix_dmarc_reports_sending_domain_id_begins_at", "sending_domain_id", "begins_at"),
    )


class DmarcSource(Identified, Base):
    """How much mail came from one address in a report, and whether it passed."""

    __tablename__ = "dmarc_sources"
    prefix = "dms"

    report_id: Mapped[UUID] = mapped_column(ForeignKey(DmarcReport.id, ondelete="CASCADE"), index=True)
    address: Mapped[str] = mapped_column(String(45))
    count: Mapped[int]
    #: Aligned, which is what counts; passing for another domain does not.
    dkim_passed: Mapped[bool]
    spf_passed: Mapped[bool]
    disposition: Mapped[str] = mapped_column(String(12), default="")
    header_from: Mapped[str] = mapped_column(String(253), default="")


class SendingSum(Base):
    """What mail from a domain came to at a mailbox provider in ten minutes (``sending_sums``)."""

    __tablename__ = "sending_sums"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"), primary_key=True)
    #: The From address's, as A-labels.
    domain: Mapped[str] = mapped_column(String(253), primary_key=True)
    #: ``lib.mailbox_providers.provider_of``
    provider: Mapped[str] = mapped_column(String(40), primary_key=True)
    #: All zeros for mail that belongs to no campaign.
    campaign_id: Mapped[UUID] = mapped_column(primary_key=True, index=True)
    slot: Mapped[datetime] = mapped_column(primary_key=True)
    accepted: Mapped[int]
    deferred: Mapped[int]
    held: Mapped[int]
    rejected: Mapped[int]
    #: Of those rejected, the ones whose address is dead.
    refused: Mapped[int]
    #: Came back after they were accepted.
    hard: Mapped[int]
    soft: Mapped[int]
    complaints: Mapped[int]

    __table_args__ = (Index("ix_sending_sums_slot", "slot"),)
