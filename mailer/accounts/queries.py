"""Who works where, and which programs have a key."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, exists, or_, select
from sqlalchemy.orm import joinedload

from mailer.accounts.models import ApiKey, Invitation, Membership, User, Workspace
from mailer.accounts.roles import Role
from mailer.db import db
from mailer.errors import NotFound
from mailer.lib.ids import parse_id


def has_users() -> bool:
    """Whether anyone can sign in: false until the first run."""
    return bool(db.session.scalar(select(exists().select_from(User))))


def workspaces_of(user: User) -> Sequence[Workspace]:
    """Return the workspaces that someone works in, by name."""
    return db.session.scalars(
        select(Workspace).join(Membership).where(Membership.user_id == user.id).order_by(Workspace.name)
    ).all()


def workspace_called(text: str) -> Workspace:
    """Return the workspace with a slug, an id or a name, as people give it on the command line.

    :raises NotFound: there is none, or several have that name
    """
    identifier = parse_id(Workspace.prefix, text)
    found = db.session.scalars(
        select(Workspace).where(
            or_(Workspace.id == identifier, Workspace.slug == text, Workspace.name == text)
        )
    ).all()
    exact = [workspace for workspace in found if text in (workspace.slug, workspace.public_id)] or found
    if len(exact) != 1:
        known = ", ".join(db.session.scalars(select(Workspace.slug).order_by(Workspace.slug).limit(20)))
        raise NotFound(f"There is no workspace “{text}”; the slugs are: {known or 'none yet'}.")
    return exact[0]


def user_by_email(email: str) -> User | None:
    """Return whoever signs in with an address, however it is typed."""
    return db.session.scalar(select(User).where(User.email == email.strip().lower()))


def all_members(workspace: Workspace) -> Select[Membership]:
    """Return the select of a workspace's members with their users, not yet ordered."""
    return (
        select(Membership).where(Membership.workspace_id == workspace.id).options(joinedload(Membership.user))
    )


def owners_of(workspace_id: UUID) -> Sequence[str]:
    """Return the addresses of a workspace's owners, to whom what it needs is written."""
    return db.session.scalars(
        select(User.email)
        .join(Membership)
        .where(Membership.workspace_id == workspace_id, Membership.role == Role.OWNER)
        .order_by(User.email)
    ).all()


def members_of(workspace: Workspace) -> Sequence[Membership]:
    """Return the members of a workspace in the order they came."""
    return db.session.scalars(all_members(workspace).order_by(Membership.id)).all()


def open_invitations(workspace: Workspace, *, now: datetime) -> Sequence[Invitation]:
    """Return the invitations that can still be accepted, newest first."""
    return db.session.scalars(
        select(Invitation)
        .where(
            Invitation.workspace_id == workspace.id,
            Invitation.accepted_at.is_(None),
            Invitation.expires_at > now,
        )
        .order_by(Invitation.id.desc())
    ).all()


def kept_keys(workspace: Workspace) -> Select[ApiKey]:
    """Return the select of a workspace's keys that nobody took back, not yet ordered."""
    return select(ApiKey).where(ApiKey.workspace_id == workspace.id, ApiKey.revoked_at.is_(None))


def keys_of(workspace: Workspace) -> Sequence[ApiKey]:
    """Return a workspace's keys that nobody took back, newest first; some may be past their day."""
    return db.session.scalars(kept_keys(workspace).order_by(ApiKey.id.desc())).all()
