"""How much may be sent, how fast, and who comes next."""

from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from mailer.accounts.models import Workspace
from mailer.db import Base, Identified


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
