"""Campaigns and the lists that they go to."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, String, Table, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mailer import signals
from mailer.accounts.models import User, Workspace
from mailer.audience.models import MailingList, Tag
from mailer.columns import Id, Json, enum_column
from mailer.composing.models import Format, Template
from mailer.db import Base, Identified
from mailer.delivery.models import Message, TrackingMode
from mailer.errors import Conflict, NotFound
from mailer.lib.clock import utcnow
from mailer.lib.ids import uuid7
from mailer.rendering.language import without_tags
from mailer.rendering.locales import best_of, language_name


class CampaignStatus(StrEnum):
    """Where a campaign stands."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    SENDING = "sending"
    PAUSED = "paused"
    FINISHED = "finished"
    CANCELLED = "cancelled"


NEXT_STATUSES: dict[CampaignStatus, frozenset[CampaignStatus]] = {
    CampaignStatus.DRAFT: frozenset({CampaignStatus.SCHEDULED, CampaignStatus.SENDING}),
    CampaignStatus.SCHEDULED: frozenset({CampaignStatus.DRAFT, CampaignStatus.SENDING}),
    CampaignStatus.SENDING: frozenset(
        {CampaignStatus.PAUSED, CampaignStatus.FINISHED, CampaignStatus.CANCELLED}
    ),
    CampaignStatus.PAUSED: frozenset(
        {CampaignStatus.SENDING, CampaignStatus.FINISHED, CampaignStatus.CANCELLED}
    ),
    # What was held or in doubt can be sent after all.
    CampaignStatus.FINISHED: frozenset({CampaignStatus.SENDING}),
    CampaignStatus.CANCELLED: frozenset(),
}


class Priority(StrEnum):
    """How a campaign shares the sending with others of its workspace."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


#: Batches of each while the others have theirs.
PRIORITY_WEIGHTS: dict[Priority, int] = {Priority.LOW: 25, Priority.NORMAL: 100, Priority.HIGH: 400}


class Campaign(Identified, Base):
    """One send to many: written as a draft, frozen into a message when it is launched."""

    __tablename__ = "campaigns"
    prefix = "cmp"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200))
    subject: Mapped[str] = mapped_column(String(998), default="")
    preheader: Mapped[str] = mapped_column(String(500), default="")
    from_name: Mapped[str] = mapped_column(String(120), default="")
    from_email: Mapped[str] = mapped_column(String(320), default="")
    reply_to: Mapped[str] = mapped_column(String(320), default="")
    format: Mapped[Format] = mapped_column(enum_column(Format), default=Format.MARKDOWN)
    body: Mapped[str] = mapped_column(Text, default="")
    #: The document, when it is written as one; kept when its author goes on in words.
    design: Mapped[dict[str, Any] | None] = mapped_column(Json)
    #: The text part as edited by hand; none when it is generated from the body.
    text: Mapped[str | None] = mapped_column(Text)
    template_id: Mapped[UUID | None] = mapped_column(ForeignKey(Template.id, ondelete="SET NULL"))
    #: What is counted of it; as the workspace chose when none.
    tracking: Mapped[TrackingMode | None] = mapped_column(enum_column(TrackingMode))
    status: Mapped[CampaignStatus] = mapped_column(enum_column(CampaignStatus), default=CampaignStatus.DRAFT)
    priority: Mapped[Priority] = mapped_column(enum_column(Priority), default=Priority.NORMAL)
    #: Counts the saves of a draft, so that two tabs do not overwrite each other.
    revision: Mapped[int] = mapped_column(default=1)
    scheduled_at: Mapped[datetime | None]
    launched_at: Mapped[datetime | None]
    #: When every delivery had been made; until then the audience still grows.
    prepared_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    #: Why it stopped by itself, or why a scheduled one could not start; empty when a person paused it.
    pause_reason: Mapped[str] = mapped_column(String(500), default="")
    message_id: Mapped[UUID | None] = mapped_column(ForeignKey(Message.id))
    created_by_id: Mapped[UUID | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))
    updated_at: Mapped[datetime] = mapped_column(default=utcnow, onupdate=utcnow)
    #: A draft that was thrown away; it can be taken back.
    deleted_at: Mapped[datetime | None]

    workspace: Mapped[Workspace] = relationship()
    template: Mapped[Template | None] = relationship()
    message: Mapped[Message | None] = relationship()
    lists: Mapped[list[MailingList]] = relationship(
        secondary=lambda: campaign_lists, order_by=MailingList.name
    )
    #: Besides its own words, which everybody gets who reads none of these.
    variants: Mapped[list["CampaignVariant"]] = relationship(
        back_populates="campaign", order_by=lambda: CampaignVariant.locale, cascade="all, delete-orphan"
    )

    __table_args__ = (
        Index("ix_campaigns_workspace_id_id", "workspace_id", "id"),
        Index("ix_campaigns_status_scheduled_at", "status", "scheduled_at"),
        CheckConstraint("length(name) > 0", name="has_name"),
        CheckConstraint("status <> 'scheduled' OR scheduled_at IS NOT NULL", name="scheduled_has_time"),
        CheckConstraint(
            "status IN ('draft', 'scheduled') OR message_id IS NOT NULL", name="launched_has_message"
        ),
    )

    @property
    def is_editable(self) -> bool:
        """Whether its content may still change."""
        return self.status in (CampaignStatus.DRAFT, CampaignStatus.SCHEDULED)

    @property
    def subject_line(self) -> str:
        """The subject as lists show it: with defaults in the place of merge tags."""
        return without_tags(self.subject)

    @property
    def who(self) -> str:
        """Whom it is from and to, in a line."""
        lists = ", ".join(one.name for one in self.lists)
        return f"From {self.from_name or self.from_email or 'nobody yet'}, to {lists or 'no list yet'}"

    @property
    def all_words(self) -> "list[Campaign | CampaignVariant]":
        """What is written in each language, its own words first."""
        return [self, *self.variants]

    def words_in(self, locale: str) -> "Campaign | CampaignVariant":
        """Return what is written in a locale; its own words for the empty one.

        :raises NotFound: it is not written in this one
        """
        if not locale:
            return self
        for variant in self.variants:
            if variant.locale == locale:
                return variant
        raise NotFound("This campaign is not written in this language.")

    def words_for(self, reader_locale: str) -> "Campaign | CampaignVariant":
        """Return what a reader gets, by the nearest language."""
        return self.words_in(best_of(reader_locale, [each.locale for each in self.variants]) or "")

    def move_to(self, status: CampaignStatus) -> None:
        """Change the status by the table of what may follow what.

        :raises Conflict: the campaign is not in a status that allows this
        """
        if status not in NEXT_STATUSES[self.status]:
            raise Conflict(f"This campaign is {self.status}, so it cannot become {status}.")
        self.status = status
        signals.campaign_moved.send(self)


class CampaignMend(Identified, Base):
    """A finding that was mended by a button: what stood there before, so that it can be taken back."""

    __tablename__ = "campaign_mends"
    prefix = "mnd"

    campaign_id: Mapped[UUID] = mapped_column(ForeignKey(Campaign.id, ondelete="CASCADE"), index=True)
    made_by_id: Mapped[UUID | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))
    #: The check that found it.
    finding: Mapped[str] = mapped_column(String(80))
    before: Mapped[dict[str, Any]]
    #: The draft's right after it; another one means that it was changed since.
    revision: Mapped[int]


class CampaignVariant(Identified, Base):
    """A campaign's words in another language: subject, preheader and body of their own."""

    __tablename__ = "campaign_variants"
    prefix = "var"

    campaign_id: Mapped[UUID] = mapped_column(ForeignKey(Campaign.id, ondelete="CASCADE"))
    #: Such as ``pt-BR``; who reads ``pt-BR`` gets it, and of ``pt`` who reads any kind of it.
    locale: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(998), default="")
    preheader: Mapped[str] = mapped_column(String(500), default="")
    format: Mapped[Format] = mapped_column(enum_column(Format), default=Format.MARKDOWN)
    body: Mapped[str] = mapped_column(Text, default="")
    design: Mapped[dict[str, Any] | None] = mapped_column(Json)
    text: Mapped[str | None] = mapped_column(Text)
    template_id: Mapped[UUID | None] = mapped_column(ForeignKey(Template.id, ondelete="SET NULL"))
    message_id: Mapped[UUID | None] = mapped_column(ForeignKey(Message.id))
    updated_at: Mapped[datetime] = mapped_column(default=utcnow, onupdate=utcnow)

    campaign: Mapped[Campaign] = relationship(back_populates="variants")
    template: Mapped[Template | None] = relationship()
    message: Mapped[Message | None] = relationship()

    __table_args__ = (
        UniqueConstraint("campaign_id", "locale"),
        CheckConstraint("length(locale) > 0", name="has_locale"),
    )

    @property
    def subject_line(self) -> str:
        """The subject as lists show it: with defaults in the place of merge tags."""
        return without_tags(self.subject)

    @property
    def workspace(self) -> Workspace:
        """Whose it is."""
        return self.campaign.workspace

    @property
    def language(self) -> str:
        """What the language is called."""
        return language_name(self.locale)


class LinkCheck(Base):
    """What an address in a mail answered when it was last asked."""

    __tablename__ = "link_checks"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"), primary_key=True)
    #: SHA-256 of the address, which may be longer than an index takes.
    url_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    url: Mapped[str] = mapped_column(Text)
    #: Of HTTP; none when nothing was answered.
    status: Mapped[int | None]
    #: Why there was no answer, or why it was not asked; empty otherwise.
    problem: Mapped[str] = mapped_column(String(300), default="")
    #: Whether it must not be asked, because it is not in the public internet.
    is_private: Mapped[bool] = mapped_column(default=False)
    content_type: Mapped[str] = mapped_column(String(120), default="")
    size_bytes: Mapped[int | None]
    checked_at: Mapped[datetime]


class PreviewLink(Identified, Base):
    """Lets whoever holds it look at a draft and say something about it, for a while."""

    __tablename__ = "preview_links"
    prefix = "pvl"

    campaign_id: Mapped[UUID] = mapped_column(ForeignKey(Campaign.id, ondelete="CASCADE"), index=True)
    made_by_id: Mapped[UUID | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))
    expires_at: Mapped[datetime]

    campaign: Mapped[Campaign] = relationship()


class CampaignComment(Identified, Base):
    """What somebody said about a campaign, with an account or by a link."""

    __tablename__ = "campaign_comments"
    prefix = "cmt"

    campaign_id: Mapped[UUID] = mapped_column(ForeignKey(Campaign.id, ondelete="CASCADE"), index=True)
    preview_link_id: Mapped[UUID | None] = mapped_column(
        ForeignKey(PreviewLink.id, ondelete="SET NULL"), index=True
    )
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))
    #: The name that they gave; only who has an account is known by it.
    author: Mapped[str] = mapped_column(String(80))
    #: The language that it is about; empty for the campaign's own words.
    locale: Mapped[str] = mapped_column(String(20), default="")
    text: Mapped[str] = mapped_column(Text)
    #: When it was attended to.
    done_at: Mapped[datetime | None]

    @property
    def language(self) -> str:
        """What the language is called; empty for the campaign's own words."""
        return language_name(self.locale) if self.locale else ""


class TestGroup(Identified, Base):
    """Addresses that tests go to together: colleagues, or a seed list at several mailbox providers."""

    __tablename__ = "test_groups"
    prefix = "tgr"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(80))
    addresses: Mapped[list[str]]

    __table_args__ = (
        UniqueConstraint("workspace_id", "name"),
        CheckConstraint("length(name) > 0", name="has_name"),
    )


class CampaignSegment(Base):
    """A segment that a campaign is narrowed to, or that it leaves out."""

    __tablename__ = "campaign_segments"

    campaign_id: Mapped[UUID] = mapped_column(ForeignKey(Campaign.id, ondelete="CASCADE"), primary_key=True)
    segment_id: Mapped[UUID] = mapped_column(primary_key=True)
    is_excluded: Mapped[bool] = mapped_column(default=False)
    #: What it asked when the campaign was launched; none before.
    conditions: Mapped[dict[str, Any] | None] = mapped_column(Json)


class ClickTag(Base):
    """A tag that whoever follows a link of a campaign gets."""

    __tablename__ = "campaign_click_tags"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    campaign_id: Mapped[UUID] = mapped_column(ForeignKey(Campaign.id, ondelete="CASCADE"), index=True)
    tag_id: Mapped[UUID] = mapped_column(ForeignKey(Tag.id, ondelete="CASCADE"), index=True)
    #: As its author wrote it; empty for any link.
    url: Mapped[str] = mapped_column(Text)
    #: Of the message; none before the launch, ``tracking.models.WHOLE_MAIL`` for any. An address that
    #: stands at several places has a row for each.
    link_number: Mapped[int | None]


campaign_lists: Table = Table(
    "campaign_lists",
    Base.metadata,
    Column("campaign_id", Id, ForeignKey(Campaign.id, ondelete="CASCADE"), primary_key=True),
    Column("list_id", Id, ForeignKey(MailingList.id, ondelete="CASCADE"), primary_key=True, index=True),
)
