"""Senders, transports, messages, deliveries and the attempts made."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mailer.accounts.models import User, Workspace
from mailer.audience.models import Subscriber
from mailer.db import Base, Id, Identified, enum_column
from mailer.delivery.engine.dkim_keys import Algorithm, record_name, record_value, zone_line
from mailer.delivery.engine.domain_checks import CheckKind, Health
from mailer.delivery.engine.reputation import Level
from mailer.rendering.language import without_tags


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


class RouteHealth(Base):
    """A server in trouble, as all workers know it; one that is well has no row.

    ``engine.breaker`` says what the values mean.
    """

    __tablename__ = "route_health"

    #: ``routes.Route.key``: the installation's own server belongs to no workspace.
    route: Mapped[str] = mapped_column(String(40), primary_key=True)
    failure_count: Mapped[int]
    failed_at: Mapped[datetime]
    probing_until: Mapped[datetime | None]
    #: The server's last words.
    reply: Mapped[str] = mapped_column(String(500), default="")


class LearnedPace(Base):
    """What a mailbox domain bears at the moment, as one worker learned it for all."""

    __tablename__ = "learned_paces"

    route: Mapped[str] = mapped_column(String(40), primary_key=True)
    domain: Mapped[str] = mapped_column(String(255), primary_key=True)
    per_second: Mapped[float]
    concurrent: Mapped[int]
    paused_until: Mapped[datetime]
    changed_at: Mapped[datetime] = mapped_column(index=True)


class DomainLimit(Identified, Base):
    """The most that a workspace sends to some mailbox domains, which count as one."""

    __tablename__ = "domain_limits"
    prefix = "dml"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"), index=True)
    domains: Mapped[list[str]]
    per_second: Mapped[float | None]
    concurrent: Mapped[int | None]

    __table_args__ = (
        CheckConstraint("per_second IS NOT NULL OR concurrent IS NOT NULL", name="limits_something"),
        CheckConstraint("per_second > 0 AND concurrent > 0", name="is_positive"),
    )


#: RFC 5321 4.5.4.1 asks for four to five days at least of a relay; what is marketed is stale before.
GIVE_UP_AFTER_HOURS: Final = 72


class SendingLimits(Base):
    """How much a workspace sends in an hour and a day, how it warms up, and how long it tries."""

    __tablename__ = "sending_limits"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"), primary_key=True)
    per_hour: Mapped[int | None]
    per_day: Mapped[int | None]
    #: The first day of the warm-up, in the workspace's time zone; none when it does not warm up.
    warm_up_starts_on: Mapped[date | None]
    warm_up_first: Mapped[int] = mapped_column(default=50)
    warm_up_factor: Mapped[float] = mapped_column(default=1.5)
    #: Messages a day at which the warm-up has reached its end.
    warm_up_target: Mapped[int] = mapped_column(default=10_000)
    #: A delivery that a server keeps putting off is given up so long after its first try.
    give_up_after_hours: Mapped[int] = mapped_column(default=GIVE_UP_AFTER_HOURS, server_default="72")

    __table_args__ = (
        CheckConstraint("per_hour > 0 AND per_day > 0", name="caps_are_positive"),
        CheckConstraint("warm_up_first > 0 AND warm_up_target >= warm_up_first", name="warms_up_from_low"),
        CheckConstraint("warm_up_factor > 1", name="warm_up_grows"),
        CheckConstraint("give_up_after_hours BETWEEN 1 AND 720", name="gives_up_in_time"),
    )


class SentHour(Base):
    """How many messages of a workspace were claimed for sending in an hour: what caps are counted by."""

    __tablename__ = "sent_hours"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"), primary_key=True)
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    count: Mapped[int]


class Share(Base):
    """A workspace's part of the workers' time: start-time fair queueing (``share``)."""

    __tablename__ = "shares"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"), primary_key=True)
    weight: Mapped[int] = mapped_column(default=100)
    #: Where its next batch begins: messages sent so far, each worth 1/weight.
    virtual_time: Mapped[float] = mapped_column(default=0.0)
    #: Where its last batch began.
    batch_began: Mapped[float] = mapped_column(default=0.0)
    #: Where the last batch of any of its runs began, in the runs' own time.
    runs_time: Mapped[float] = mapped_column(default=0.0)

    __table_args__ = (CheckConstraint("weight BETWEEN 1 AND 1000", name="weight_in_range"),)


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
    text: Mapped[str] = mapped_column(Text)
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


class DeliveryState(StrEnum):
    """Where a delivery stands; the last five end it."""

    PREPARED = "prepared"
    HELD = "held"
    IN_DOUBT = "in_doubt"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    SKIPPED = "skipped"


#: Which state may follow which; everything else is a bug that ``ledger`` refuses. Being
#: claimed is no state of a delivery: it is one of the batch that it is in.
NEXT_STATES: dict[DeliveryState, frozenset[DeliveryState]] = {
    DeliveryState.PREPARED: frozenset(
        {
            DeliveryState.PREPARED,
            DeliveryState.ACCEPTED,
            DeliveryState.REJECTED,
            DeliveryState.HELD,
            DeliveryState.IN_DOUBT,
            DeliveryState.SKIPPED,
        }
    ),
    DeliveryState.HELD: frozenset({DeliveryState.PREPARED, DeliveryState.SKIPPED, DeliveryState.REJECTED}),
    DeliveryState.IN_DOUBT: frozenset(
        {DeliveryState.PREPARED, DeliveryState.ACCEPTED, DeliveryState.REJECTED, DeliveryState.HELD}
    ),
    DeliveryState.ACCEPTED: frozenset(),
    DeliveryState.REJECTED: frozenset(),
    DeliveryState.SKIPPED: frozenset(),
}


#: What needs a look, in the words of the pages.
DEFERRED: Final = "deferred"
ATTENTION: Final = (
    "CASE WHEN state = 'prepared' THEN CASE WHEN next_try_at IS NOT NULL AND attempt > 0 THEN 'deferred' END "
    "WHEN state <> 'accepted' THEN state END"
)


class SkipReason(StrEnum):
    """Why the gate said no when a delivery was claimed."""

    UNSUBSCRIBED = "unsubscribed"
    SUPPRESSED = "suppressed"
    PAUSED = "paused"
    ERASED = "erased"
    CANCELLED = "cancelled"
    FREQUENCY = "frequency"


class Batch(Identified, Base):
    """Up to a thousand deliveries that are claimed together: who holds the batch holds each of them.

    Born with its deliveries when a campaign is prepared, or made of those whose retry is
    due. So claiming a thousand and giving them back is one write each, and a delivery's
    own row is written once, when its try has ended.
    """

    __tablename__ = "batches"
    prefix = "bat"

    #: None for a message that belongs to no campaign.
    campaign_id: Mapped[UUID | None] = mapped_column(
        # Said, since the table that it could be read from is made later.
        Id,
        ForeignKey("campaigns.id", ondelete="CASCADE"),
    )
    #: The journal of who holds it.
    worker: Mapped[str | None] = mapped_column(String(80))
    lease_expires_at: Mapped[datetime | None]
    #: When it may be claimed, if nobody holds it.
    due_at: Mapped[datetime]

    __table_args__ = (
        Index("ix_batches_campaign_id_due_at", "campaign_id", "due_at"),
        Index("ix_batches_worker", "worker"),
        CheckConstraint("(worker IS NULL) = (lease_expires_at IS NULL)", name="claimed_has_lease"),
    )


class Delivery(Identified, Base):
    """One message to one address, from the launch to its end.

    Its Message-ID is made from its id, so that every try carries the same one.

    There is one row for each reader of each campaign, so that every index and foreign key
    is paid for a million times. A state is therefore in none of the indexes that hold
    every row: PostgreSQL then writes an accepted delivery beside its old version and
    touches no index at all (a “heap-only tuple”). What somebody has to look at has
    ``attention``, and an index of its own.
    """

    __tablename__ = "deliveries"
    prefix = "dlv"

    #: Follows from the message, as the campaign does; checked there.
    workspace_id: Mapped[UUID]
    message_id: Mapped[UUID] = mapped_column(ForeignKey(Message.id, ondelete="CASCADE"))
    campaign_id: Mapped[UUID | None]
    subscriber_id: Mapped[UUID | None] = mapped_column(ForeignKey(Subscriber.id, ondelete="SET NULL"))
    #: The list that brought the subscriber into the audience; its id is the List-ID, also once it is gone.
    list_id: Mapped[UUID | None]
    email: Mapped[str] = mapped_column(String(320))
    #: Merge values of this delivery alone (a transactional message's).
    values: Mapped[dict[str, Any] | None]
    state: Mapped[DeliveryState] = mapped_column(enum_column(DeliveryState), default=DeliveryState.PREPARED)
    skip_reason: Mapped[SkipReason | None] = mapped_column(enum_column(SkipReason))
    #: Tries that ended.
    attempt: Mapped[int] = mapped_column(default=0)
    #: The last batch that it was in; also the fence: an outcome is written only by who holds that batch.
    batch_id: Mapped[UUID | None] = mapped_column(index=True)
    #: How often the process died while it worked on this one.
    crash_count: Mapped[int] = mapped_column(default=0)
    first_tried_at: Mapped[datetime | None]
    #: When it may go into a batch, if it waits outside of one.
    next_try_at: Mapped[datetime | None]
    #: The server's last words, such as ``550 5.1.1 No such user``.
    reply: Mapped[str] = mapped_column(String(500), default="")
    ended_at: Mapped[datetime | None]
    #: The first open and click, by whoever; ``tracking`` has them all.
    opened_at: Mapped[datetime | None]
    clicked_at: Mapped[datetime | None]
    #: The same by people alone: what engagement is measured by.
    human_opened_at: Mapped[datetime | None]
    human_clicked_at: Mapped[datetime | None]
    #: When its reader left by one of its links.
    unsubscribed_at: Mapped[datetime | None]
    #: What somebody may want to look at: ``deferred`` or a state; none while all goes well.
    attention: Mapped[str | None] = mapped_column(String(32), Computed(ATTENTION, persisted=True))

    message: Mapped[Message] = relationship()
    subscriber: Mapped[Subscriber | None] = relationship()

    __table_args__ = (
        # The subscriber first, so that a person's mails are found by it as well.
        UniqueConstraint("subscriber_id", "campaign_id"),
        Index("ix_deliveries_campaign_id_id", "campaign_id", "id"),
        # Retries and messages that belong to no campaign, however many deliveries have ended.
        Index(
            "ix_deliveries_due",
            "campaign_id",
            "next_try_at",
            postgresql_where=text("next_try_at IS NOT NULL"),
            sqlite_where=text("next_try_at IS NOT NULL"),
        ),
        Index(
            "ix_deliveries_attention",
            "campaign_id",
            "attention",
            "id",
            postgresql_where=text("attention IS NOT NULL"),
            sqlite_where=text("attention IS NOT NULL"),
        ),
        # Whoever left by a campaign's link: a few of a million.
        Index(
            "ix_deliveries_left",
            "campaign_id",
            "id",
            postgresql_where=text("unsubscribed_at IS NOT NULL"),
            sqlite_where=text("unsubscribed_at IS NOT NULL"),
        ),
        # Those of messages to one person: by message, and by whom they went to.
        Index(
            "ix_deliveries_alone_message_id",
            "message_id",
            postgresql_where=text("campaign_id IS NULL"),
            sqlite_where=text("campaign_id IS NULL"),
        ),
        Index(
            "ix_deliveries_alone_email",
            "workspace_id",
            "email",
            postgresql_where=text("campaign_id IS NULL"),
            sqlite_where=text("campaign_id IS NULL"),
        ),
        CheckConstraint("(state = 'skipped') = (skip_reason IS NOT NULL)", name="skipped_has_reason"),
        CheckConstraint(
            "state <> 'prepared' OR (batch_id IS NULL) <> (next_try_at IS NULL)", name="prepared_has_place"
        ),
        CheckConstraint("state = 'prepared' OR next_try_at IS NULL", name="only_prepared_waits"),
        CheckConstraint(
            "(state IN ('accepted', 'rejected', 'skipped')) = (ended_at IS NOT NULL)", name="ended_has_time"
        ),
    )


class DeliveryCount(Base):
    """How many of a campaign's deliveries are in a state: kept by ``ledger``, so that no page counts rows."""

    __tablename__ = "delivery_counts"

    campaign_id: Mapped[UUID] = mapped_column(
        # Said, since the table that it could be read from is made later.
        Id,
        ForeignKey("campaigns.id", ondelete="CASCADE"),
        primary_key=True,
    )
    state: Mapped[DeliveryState] = mapped_column(enum_column(DeliveryState), primary_key=True)
    #: A ``SkipReason``, or empty: a key cannot be null.
    reason: Mapped[str] = mapped_column(String(32), primary_key=True, default="")
    count: Mapped[int]


class Standing(StrEnum):
    """A delivery's state as operators see it: what was put off stands apart from what was never tried."""

    PREPARED = "prepared"
    DEFERRED = "deferred"
    HELD = "held"
    IN_DOUBT = "in_doubt"
    REJECTED = "rejected"
    SKIPPED = "skipped"
    ACCEPTED = "accepted"


class DecisionKind(StrEnum):
    """What can be decided."""

    #: Deferred or held: try now, because the cause is mended.
    RETRY = "retry"
    #: Deferred or held: no more of it.
    GIVE_UP = "give_up"
    #: In doubt: evidence says that it is there.
    ARRIVED = "arrived"
    #: In doubt: better twice than never, under the same Message-ID.
    SEND_AGAIN = "send_again"


class Decision(Identified, Base):
    """What somebody decided about deliveries of a campaign, and how far it is carried out."""

    __tablename__ = "decisions"
    prefix = "dec"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"))
    campaign_id: Mapped[UUID] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))
    #: Their name at the time.
    made_by: Mapped[str] = mapped_column(String(320))
    kind: Mapped[DecisionKind] = mapped_column(enum_column(DecisionKind))
    standing: Mapped[Standing] = mapped_column(enum_column(Standing))
    #: About all that match; otherwise about the few that were ticked.
    is_for_all: Mapped[bool]
    #: What they have in common (``selection.Selection``).
    words: Mapped[str] = mapped_column(String(500), default="")
    domain: Mapped[str] = mapped_column(String(253), default="")
    search: Mapped[str] = mapped_column(String(320), default="")
    moved_count: Mapped[int] = mapped_column(default=0)
    #: The last delivery that was looked at.
    reached_id: Mapped[UUID | None]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_decisions_campaign_id_id", "campaign_id", "id"),
        Index(
            "ix_decisions_open",
            "id",
            postgresql_where=text("ended_at IS NULL"),
            sqlite_where=text("ended_at IS NULL"),
        ),
    )


class Attempt(Identified, Base):
    """One try that was not accepted, with the server's words; an accepted one is the delivery itself."""

    __tablename__ = "attempts"
    prefix = "att"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"), index=True)
    delivery_id: Mapped[UUID] = mapped_column(ForeignKey(Delivery.id, ondelete="CASCADE"), index=True)
    number: Mapped[int]
    #: deferred, rejected, held or in_doubt
    outcome: Mapped[str] = mapped_column(String(20))
    code: Mapped[int | None]
    reply: Mapped[str] = mapped_column(String(500), default="")
    #: The server called the address dead, whatever is sent to it.
    is_dead_address: Mapped[bool] = mapped_column(default=False, server_default=false())


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
