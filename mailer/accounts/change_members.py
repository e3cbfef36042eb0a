"""Giving a member another role, and taking their place away."""

from sqlalchemy import select

from mailer.accounts.models import Membership
from mailer.accounts.roles import Role
from mailer.db import db
from mailer.errors import Conflict, Forbidden


def change_role(membership: Membership, role: Role, *, actor: Membership) -> None:
    """Give a member another role.

    :raises Forbidden: the actor's own role does not reach that far
    :raises Conflict: nobody would own the workspace
    """
    _check_reach(actor, membership.role, role)
    if membership.role is Role.OWNER and role is not Role.OWNER:
        _check_other_owner(membership)
    membership.role = role
    db.session.flush()


def remove_member(membership: Membership, *, actor: Membership) -> None:
    """Take a member's place away, or leave; their next page is refused.

    :raises Forbidden: the actor's own role does not reach that far
    :raises Conflict: nobody would own the workspace
    """
    if membership.id != actor.id:
        _check_reach(actor, membership.role)
    if membership.role is Role.OWNER:
        _check_other_owner(membership)
    db.session.delete(membership)
    db.session.flush()


def _check_reach(actor: Membership, *roles: Role) -> None:
    beyond = [role for role in roles if role not in actor.role.grants]
    if beyond:
        raise Forbidden(f"As {actor.role} you cannot give or take the role “{beyond[0]}”; ask an owner.")


def _check_other_owner(membership: Membership) -> None:
    # Locked, so that two owners cannot remove each other at the same moment.
    owners = db.session.scalars(
        select(Membership.id)
        .where(Membership.workspace_id == membership.workspace_id, Membership.role == Role.OWNER)
        .with_for_update()
    ).all()
    if len(owners) < 2:
        raise Conflict("A workspace needs an owner: make somebody else one first.")
