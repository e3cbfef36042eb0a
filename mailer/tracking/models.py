"""Opens, clicks, and their sums by hour and by link."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from mailer.accounts.models import Workspace
from mailer.db import Base, enum_column
from mailer.delivery.models import Delivery


class Open(Base):
    """One load of a message's pixel. The id is the event's own, so that it is stored once."""

    __tablename__ = "opens"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"), index=True)
    campaign_id: Mapped[UUID | None] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    delivery_id: Mapped[UUID] = mapped_column(ForeignKey(Delivery.id, ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    user_agent: Mapped[str] = mapped_column(String(300), default="")

    __table_args__ = (Index("ix_opens_campaign_id_at", "campaign_id", "at"),)


class Click(Base):
    """One follow of a numbered link."""

    __tablename__ = "clicks"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"), index=True)
    campaign_id: Mapped[UUID | None] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    delivery_id: Mapped[UUID] = mapped_column(ForeignKey(Delivery.id, ondelete="CASCADE"), index=True)
    link_number: Mapped[int]
    at: Mapped[datetime]
    user_agent: Mapped[str] = mapped_column(String(300), default="")

    __table_args__ = (
        Index("ix_clicks_campaign_id_link_number", "campaign_id", "link_number", "delivery_id"),
    )


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


class LinkActivity(Base):
    """Sums of a campaign by link."""

    __tablename__ = "link_activity"

    campaign_id: Mapped[UUID] = mapped_column(
        ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True
    )
    link_number: Mapped[int] = mapped_column(primary_key=True)
    total: Mapped[int]
    people: Mapped[int]
