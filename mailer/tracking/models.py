"""Opens, clicks, and their sums by hour, by link and by what readers have in common."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from mailer.accounts.models import Workspace
from mailer.columns import enum_column
from mailer.db import Base
from mailer.delivery.models import Delivery, TrackingMode
from mailer.tracking.verdicts import Reason, Verdict


class Judged:
    """What was made of an event (``verdicts``).

    On PostgreSQL the tables of events are parted by month, and their key is the id with the time
    (``partitions``); so whoever changes rows names a span of time where they can.
    """

    user_agent: Mapped[str] = mapped_column(String(300), default="")
    #: The /24 or /48 that it came from; the address itself is not kept.
    network: Mapped[str] = mapped_column(String(43), default="", server_default="")
    verdict: Mapped[Verdict] = mapped_column(
        enum_column(Verdict), default=Verdict.HUMAN, server_default=Verdict.HUMAN.value
    )
    reason: Mapped[Reason] = mapped_column(
        enum_column(Reason), default=Reason.NOT_JUDGED, server_default=Reason.NOT_JUDGED.value
    )
    #: ``verdicts.VERSION`` of who judged; 0 before there was one.
    judged_by: Mapped[int] = mapped_column(default=0, server_default="0")
    #: One text for each :class:`Facet`, as it was told when the event came in; none before 0.5.
    facets: Mapped[list[str]] = mapped_column(default=list, server_default="[]")


class Open(Judged, Base):
    """One load of a message's pixel. The id is the event's own, so that it is stored once."""

    __tablename__ = "opens"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"), index=True)
    campaign_id: Mapped[UUID | None] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    delivery_id: Mapped[UUID] = mapped_column(ForeignKey(Delivery.id, ondelete="CASCADE"), index=True)
    at: Mapped[datetime]

    __table_args__ = (
        Index("ix_opens_campaign_id_at", "campaign_id", "at"),
        Index("ix_opens_network_at", "network", "at"),
    )


class Click(Judged, Base):
    """One follow of a numbered link."""

    __tablename__ = "clicks"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"), index=True)
    campaign_id: Mapped[UUID | None] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    delivery_id: Mapped[UUID] = mapped_column(ForeignKey(Delivery.id, ondelete="CASCADE"), index=True)
    link_number: Mapped[int]
    at: Mapped[datetime]

    __table_args__ = (
        Index("ix_clicks_campaign_id_link_number", "campaign_id", "link_number", "delivery_id"),
        Index("ix_clicks_network_at", "network", "at"),
    )


class AnonymousEvent(Base):
    """An open or click of a message that counts nobody in particular: no person, network or program."""

    __tablename__ = "anonymous_events"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    campaign_id: Mapped[UUID] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"), index=True)
    #: None for an open.
    link_number: Mapped[int | None]
    at: Mapped[datetime]
    verdict: Mapped[Verdict] = mapped_column(enum_column(Verdict))
    reason: Mapped[Reason] = mapped_column(enum_column(Reason))


class TrackingSettings(Base):
    """What a workspace counts of what its readers do; one that never chose has no row."""

    __tablename__ = "tracking_settings"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"), primary_key=True)
    mode: Mapped[TrackingMode] = mapped_column(enum_column(TrackingMode))
    conversion_days: Mapped[int]
    is_tagging: Mapped[bool]
    utm_source: Mapped[str] = mapped_column(String(60))
    utm_medium: Mapped[str] = mapped_column(String(60))
    #: Hosts whose pages may tell orders, with spaces between them; their links carry the click's token.
    shop_hosts: Mapped[str] = mapped_column(String(500), default="", server_default="")

    __table_args__ = (CheckConstraint("conversion_days BETWEEN 1 AND 90", name="window_in_range"),)


class Conversion(Base):
    """An event with a value that followed a click; it stays when the event is erased with its person."""

    __tablename__ = "conversions"

    #: Of the ``CustomEvent``, which may be gone.
    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    campaign_id: Mapped[UUID] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"), index=True)
    delivery_id: Mapped[UUID] = mapped_column(ForeignKey(Delivery.id, ondelete="CASCADE"), index=True)
    link_number: Mapped[int]
    value_micros: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))


#: In the place of a link's number: the whole mail.
WHOLE_MAIL: Final = -1


class SalesSum(Base):
    """What a campaign brought in, by link and currency, and in all of them (``sales``)."""

    __tablename__ = "sales_sums"

    campaign_id: Mapped[UUID] = mapped_column(
        ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True
    )
    #: :data:`WHOLE_MAIL` for all its links.
    link_number: Mapped[int] = mapped_column(primary_key=True)
    #: Empty for all currencies, which only people and orders are counted over.
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    people: Mapped[int]
    orders: Mapped[int]
    value_micros: Mapped[int] = mapped_column(BigInteger)


class Activity(StrEnum):
    """What the sums are of."""

    OPEN = "open"
    CLICK = "click"
    UNSUBSCRIBE = "unsubscribe"


class HourlyActivity(Base):
    """Sums of a campaign by hour; ``people`` counts each person in the hour of their first."""

    __tablename__ = "hourly_activity"

    campaign_id: Mapped[UUID] = mapped_column(
        ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True
    )
    activity: Mapped[Activity] = mapped_column(enum_column(Activity), primary_key=True)
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    total: Mapped[int]
    people: Mapped[int]
    #: What of both were people, rather than machines.
    human_total: Mapped[int] = mapped_column(default=0, server_default="0")
    human_people: Mapped[int] = mapped_column(default=0, server_default="0")


class LinkActivity(Base):
    """Sums of a campaign by link."""

    __tablename__ = "link_activity"

    campaign_id: Mapped[UUID] = mapped_column(
        ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True
    )
    link_number: Mapped[int] = mapped_column(primary_key=True)
    total: Mapped[int]
    people: Mapped[int]
    #: What of both were people, rather than machines.
    human_total: Mapped[int] = mapped_column(default=0, server_default="0")
    human_people: Mapped[int] = mapped_column(default=0, server_default="0")


class Facet(StrEnum):
    """What readers have in common; the order is that of the texts in ``facets``."""

    PROVIDER = "provider"
    CLIENT = "client"
    DEVICE = "device"
    COUNTRY = "country"
    LOCALE = "locale"
    #: How long after its arrival, as the end of a span in minutes (``facets.DELAYS``).
    DELAY = "delay"


class FacetActivity(Base):
    """Sums of a campaign by a facet; ``people`` counts each person under the value of their first."""

    __tablename__ = "facet_activity"

    campaign_id: Mapped[UUID] = mapped_column(
        ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True
    )
    activity: Mapped[Activity] = mapped_column(enum_column(Activity), primary_key=True)
    facet: Mapped[Facet] = mapped_column(enum_column(Facet), primary_key=True)
    #: Empty where it is unknown.
    value: Mapped[str] = mapped_column(String(40), primary_key=True)
    total: Mapped[int]
    people: Mapped[int]
    human_total: Mapped[int]
    human_people: Mapped[int]


class VerdictActivity(Base):
    """How many of a campaign's opens and clicks were judged what, and by which sign."""

    __tablename__ = "verdict_activity"

    campaign_id: Mapped[UUID] = mapped_column(
        ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True
    )
    activity: Mapped[Activity] = mapped_column(enum_column(Activity), primary_key=True)
    verdict: Mapped[Verdict] = mapped_column(enum_column(Verdict), primary_key=True)
    reason: Mapped[Reason] = mapped_column(enum_column(Reason), primary_key=True)
    total: Mapped[int]
