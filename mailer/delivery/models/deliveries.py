"""One message to one address: states, batches, tries, and what somebody decided about them."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mailer.accounts.models import User, Workspace
from mailer.audience.models import Subscriber
from mailer.columns import Id, enum_column
from mailer.db import Base, Identified
from mailer.delivery.models.messages import Message


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
