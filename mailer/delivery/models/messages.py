"""What is sent, frozen, and the campaigns that are under way."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mailer.accounts.models import Workspace
from mailer.columns import Id, enum_column
from mailer.db import Base, Identified
from mailer.rendering.language import without_tags
from mailer.rendering.plain_text import text_part


class MessageKind(StrEnum):
    """Whether a message is one of many, was asked for by a program, or is about this product itself.

    System messages (a password reset, an invitation, a confirmation) hold links that
    only their reader may see: no page shows them, and their content is dropped once
    they are accepted.
    """

    CAMPAIGN = "campaign"
    TRANSACTIONAL = "transactional"
    SYSTEM = "system"


class TrackingMode(StrEnum):
    """What is counted of what readers do with a message."""

    FULL = "full"
    #: How many opened and clicked, and nobody in particular.
    ANONYMOUS = "anonymous"
    #: Its links lead straight on, and it has no pixel.
    NONE = "none"


class Message(Identified, Base):
    """Content frozen for sending: an edited draft or template cannot change what is under way.

    ``subject``, ``html`` and ``text`` still hold merge tags; CSS is inlined and links
    are numbered. ``links`` has their addresses, so that a click never carries one.
    """

    __tablename__ = "messages"
    prefix = "msg"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"), index=True)
    kind: Mapped[MessageKind] = mapped_column(enum_column(MessageKind))
    from_name: Mapped[str] = mapped_column(String(120), default="")
    from_email: Mapped[str] = mapped_column(String(320))
    reply_to: Mapped[str] = mapped_column(String(320), default="")
    subject: Mapped[str] = mapped_column(String(998))
    html: Mapped[str] = mapped_column(Text)
    #: None for what the HTML says, once somebody wants to know (:attr:`in_words`).
    text: Mapped[str | None] = mapped_column(Text)
    links: Mapped[list[str]] = mapped_column(default=list)
    #: The number of the link that nobody sees: whoever follows it is a machine.
    trap_link: Mapped[int | None]
    tracking: Mapped[TrackingMode] = mapped_column(
        enum_column(TrackingMode), default=TrackingMode.FULL, server_default=TrackingMode.FULL.value
    )
    #: Values that are the same for everybody: the campaign's and the workspace's.
    values: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: The rest is of transactional messages. Which of the workspace's streams it belongs to.
    stream: Mapped[str] = mapped_column(String(40), default="", server_default="")
    #: Whether subject, HTML and text go out as they stand: a program wrote them, and what looks
    #: like a merge tag is none.
    is_literal: Mapped[bool] = mapped_column(default=False, server_default=false())
    #: Whether opens and clicks are counted; those of campaigns always are.
    is_tracked: Mapped[bool] = mapped_column(default=False, server_default=false())
    #: Whom its head names, where that is not its reader alone: ``to``, ``cc`` and ``reply_to``, each a
    #: list of [name, address].
    mailboxes: Mapped[dict[str, Any] | None]
    #: Further header fields: [name, value].
    headers: Mapped[list[Any] | None]
    attachment_count: Mapped[int] = mapped_column(default=0, server_default="0")

    attachments: Mapped[list["Attachment"]] = relationship(order_by="Attachment.id", viewonly=True)

    @property
    def in_words(self) -> str:
        """The text part as its readers get it."""
        return text_part(self.text, self.html)

    @property
    def subject_line(self) -> str:
        """The subject as lists show it: with defaults in the place of merge tags."""
        return self.subject if self.is_literal else without_tags(self.subject)


class Attachment(Identified, Base):
    """A file that goes with a message.

    It lies in the database, so that it is there exactly when its message is, on every host.
    """

    __tablename__ = "attachments"
    prefix = "fil"

    message_id: Mapped[UUID] = mapped_column(ForeignKey(Message.id, ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    content_type: Mapped[str] = mapped_column(String(130))
    #: What ``cid:`` in the HTML calls it; empty for one that is attached.
    content_id: Mapped[str] = mapped_column(String(120), default="")
    byte_count: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class Run(Base):
    """A campaign on its way out: what it sends, to which lists, and whether it may go on.

    ``campaigns`` starts, stops and resumes it (``delivery/runs.py``); workers need
    nothing else of a campaign.
    """

    __tablename__ = "runs"

    campaign_id: Mapped[UUID] = mapped_column(
        # Said, since the table that it could be read from is made later.
        Id,
        ForeignKey("campaigns.id", ondelete="CASCADE"),
        primary_key=True,
    )
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"))
    message_id: Mapped[UUID] = mapped_column(ForeignKey(Message.id, ondelete="CASCADE"))
    #: The lists as they were at the launch: UUIDs as text.
    list_ids: Mapped[list[str]]
    started_at: Mapped[datetime]
    #: How far ``prepare`` is: the pass it is in, and the last subscriber of it.
    prepare_pass: Mapped[int] = mapped_column(default=0)
    prepare_after: Mapped[UUID | None]
    prepared_at: Mapped[datetime | None]
    #: Until then nobody else prepares it: whoever does lengthens it with each step.
    preparing_until: Mapped[datetime | None]
    #: Set while nothing may be claimed: paused, or cancelled.
    stopped_at: Mapped[datetime | None]
    #: Stopped for good: whatever still waits, or is given back, is skipped.
    cancelled_at: Mapped[datetime | None]
    #: Deliveries held when someone last said “go on”; only newer ones can stop it again.
    held_before: Mapped[int] = mapped_column(default=0)
    #: When nothing waited any more.
    ended_at: Mapped[datetime | None]
    #: Its part of its workspace's share.
    weight: Mapped[int] = mapped_column(default=100)
    #: Where its next batch begins, as in ``Share``.
    virtual_time: Mapped[float] = mapped_column(default=0.0)
    #: Nothing is claimed before: a cap is reached, or every server is in trouble; with the reason.
    waits_until: Mapped[datetime | None]
    wait_reason: Mapped[str] = mapped_column(String(500), default="")

    message: Mapped[Message] = relationship()

    __table_args__ = (
        # The runs that a sweep looks at, however many have ended.
        Index(
            "ix_runs_under_way",
            "campaign_id",
            postgresql_where=text("ended_at IS NULL"),
            sqlite_where=text("ended_at IS NULL"),
        ),
    )


class RunMessage(Base):
    """What readers of a language get in the place of a run's own message."""

    __tablename__ = "run_messages"

    campaign_id: Mapped[UUID] = mapped_column(
        ForeignKey(Run.campaign_id, ondelete="CASCADE"), primary_key=True
    )
    #: As readers' locales are compared: ``pt-br``; see ``rendering.locales``.
    locale: Mapped[str] = mapped_column(String(20), primary_key=True)
    message_id: Mapped[UUID] = mapped_column(ForeignKey(Message.id, ondelete="CASCADE"))
