"""Heartbeats of the processes that work."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from mailer.db import Base


class Heartbeat(Base):
    """A sign of life from one process, rewritten every few seconds."""

    __tablename__ = "heartbeats"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    #: ``worker`` or ``scheduler``
    kind: Mapped[str] = mapped_column(String(20))
    host: Mapped[str] = mapped_column(String(255))
    pid: Mapped[int]
    queues: Mapped[list[str]]
    last_seen_at: Mapped[datetime]
