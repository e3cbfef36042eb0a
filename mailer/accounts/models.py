"""Workspaces, users, memberships, invitations and API keys."""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask_security.core import UserMixin
from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.ext.mutable import MutableList
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mailer.accounts.roles import Role
from mailer.columns import Json, enum_column
from mailer.db import Base, Identified


class Workspace(Identified, Base):
    """One brand: its people, its audience, its look."""

    __tablename__ = "workspaces"
    prefix = "wsp"

    name: Mapped[str] = mapped_column(String(120))
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC")
    locale: Mapped[str] = mapped_column(String(20), default="en")
    #: Stands in every campaign's footer, as CAN-SPAM and its kin ask.
    postal_address: Mapped[str] = mapped_column(String(300), default="")
    accent_color: Mapped[str] = mapped_column(String(7), default="#3b5bdb")
    #: Made by the seeds and removable in one click, proofs of consent included.
    is_demo: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (
        CheckConstraint("length(name) > 0", name="has_name"),
        CheckConstraint("accent_color LIKE '#______'", name="accent_is_hex"),
    )


class User(Identified, UserMixin, Base):  # type: ignore[misc]
    """A person who signs in. The ``fs_``, ``tf_`` and ``mf_`` columns are Flask-Security's."""

    __tablename__ = "users"
    prefix = "usr"

    #: In lower case, so that one person is one user however they type it.
    email: Mapped[str] = mapped_column(String(320), unique=True)
    name: Mapped[str] = mapped_column(String(120), default="")
    password: Mapped[str | None] = mapped_column(String(255))
    active: Mapped[bool] = mapped_column(default=True)
    #: Every session carries it; a new value ends them all.
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True)
    tf_primary_method: Mapped[str | None] = mapped_column(String(64))
    tf_totp_secret: Mapped[str | None] = mapped_column(String(255))
    #: Flask-Security takes a used code out of the list in place; a plain JSON column would not notice.
    mf_recovery_codes: Mapped[list[str] | None] = mapped_column(
        # A copy: what is made mutable is every column of this very type.
        MutableList.as_mutable(Json.copy())
    )

    memberships: Mapped[list["Membership"]] = relationship(
        back_populates="user", cascade="all, delete-orphan"
    )


class Membership(Identified, Base):
    """A user's place in a workspace."""

    __tablename__ = "memberships"
    prefix = "mbr"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), index=True)
    role: Mapped[Role] = mapped_column(enum_column(Role))

    workspace: Mapped[Workspace] = relationship()
    user: Mapped[User] = relationship(back_populates="memberships")

    __table_args__ = (UniqueConstraint("workspace_id", "user_id"),)

    def may(self, role: Role) -> bool:
        """Whether this member may do what takes the given role."""
        return self.role.includes(role)


class Invitation(Identified, Base):
    """An offer to join a workspace, redeemed by the link that was mailed."""

    __tablename__ = "invitations"
    prefix = "inv"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"), index=True)
    email: Mapped[str] = mapped_column(String(320))
    role: Mapped[Role] = mapped_column(enum_column(Role))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    invited_by_id: Mapped[UUID | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]

    workspace: Mapped[Workspace] = relationship()


class ApiKey(Identified, Base):
    """A program's way in; only a hash of the secret is kept."""

    __tablename__ = "api_keys"
    prefix = "key"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey(Workspace.id, ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    #: What it may do, as :mod:`mailer.accounts.scopes` writes it.
    scopes: Mapped[list[str]]
    #: Of its own; without, the one for every key holds.
    calls_per_minute: Mapped[int | None]
    #: The first characters, by which people tell their keys apart.
    hint: Mapped[str] = mapped_column(String(16))
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_by_id: Mapped[UUID | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))
    last_used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    workspace: Mapped[Workspace] = relationship()

    __table_args__ = (CheckConstraint("calls_per_minute > 0", name="limit_lets_some_through"),)


class Installation(Base):
    """Facts about this Mailer as a whole, one row each (the link of the first-run wizard)."""

    __tablename__ = "installation"

    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[Any] = mapped_column(Text)
