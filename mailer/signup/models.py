"""Sign-up forms, their versions, and what was sent in with them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mailer.accounts.models import User, Workspace
from mailer.audience.models import Subscriber
from mailer.db import Base, Identified


class Form(Identified, Base):
    """A sign-up form that a marketer designed; what it shows stands in its newest version."""

    __tablename__ = "forms"
    prefix = "frm"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    #: Closed: it takes nobody in, but its versions stay, since proofs refer to them.
    archived_at: Mapped[datetime | None]
    #: Hash of the number that opens and ends the kiosk; empty while there is none.
    kiosk_pin: Mapped[str] = mapped_column(String(200), default="")

    workspace: Mapped[Workspace] = relationship()
    versions: Mapped[list["FormVersion"]] = relationship(
        back_populates="form", order_by="FormVersion.number", passive_deletes=True
    )

    __table_args__ = (CheckConstraint("length(name) > 0", name="has_name"),)


class FormVersion(Identified, Base):
    """What a form showed from one saving to the next; never changed, since consent records refer to it."""

    __tablename__ = "form_versions"
    prefix = "fmv"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"), index=True)
    form_id: Mapped[UUID] = mapped_column(ForeignKey(Form.id, ondelete="CASCADE"))
    number: Mapped[int]
    #: A ``designs.Design``.
    design: Mapped[dict[str, Any]]
    created_by_id: Mapped[UUID | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))

    form: Mapped[Form] = relationship(back_populates="versions")
    created_by: Mapped[User | None] = relationship()

    __table_args__ = (UniqueConstraint("form_id", "number"),)


class WaitingEntry(Identified, Base):
    """What somebody sent in with a form, until it is signed up (``sign_up.py``) and this row goes."""

    __tablename__ = "waiting_entries"
    prefix = "ent"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"), index=True)
    #: None for a list's own page.
    form_id: Mapped[UUID | None] = mapped_column(ForeignKey(Form.id, ondelete="CASCADE"))
    form_version_id: Mapped[UUID | None]
    #: A kiosk's name for it.
    key: Mapped[str | None] = mapped_column(String(64))
    #: Address, lists, name, fields, source, place, and the ``Evidence``.
    sent: Mapped[dict[str, Any]]

    __table_args__ = (Index("ix_waiting_entries_created_at", "created_at"),)


class SignUp(Identified, Base):
    """One sending of a form: by whom, and from where they came to it."""

    __tablename__ = "sign_ups"
    prefix = "sgn"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"), index=True)
    #: None for a list's own page.
    form_id: Mapped[UUID | None] = mapped_column(ForeignKey(Form.id, ondelete="CASCADE"))
    subscriber_id: Mapped[UUID] = mapped_column(ForeignKey(Subscriber.id, ondelete="CASCADE"), index=True)
    #: ``page``, ``referrer`` and the ``utm_`` parameters, as the browser told them.
    source: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: Where a poster hung or a kiosk stood.
    place: Mapped[str] = mapped_column(String(60), default="")
    #: A kiosk's name for it: sent twice, it is one.
    key: Mapped[str | None] = mapped_column(String(64))

    __table_args__ = (
        UniqueConstraint("form_id", "key"),
        Index("ix_sign_ups_form_id_id", "form_id", "id"),
    )
