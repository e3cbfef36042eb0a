"""Asking someone to work in a workspace, by mail."""

import secrets
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select

from mailer import current, signals
from mailer.accounts.models import Invitation, Membership, User
from mailer.accounts.roles import Role
from mailer.db import db
from mailer.errors import Conflict, Forbidden
from mailer.lib.addresses import clean_address
from mailer.lib.secrets import fingerprint
from mailer.lib.system_mail import SystemMail

_GOOD_FOR: Final = timedelta(days=7)


def invite(actor: Membership, *, email: str, role: Role, now: datetime) -> Invitation:
    """Mail someone a link that lets them join; asking again ends the link before.

    :raises Invalid: that is no address
    :raises Forbidden: the actor's own role does not reach that far
    :raises Conflict: that person is a member already
    """
    if role not in actor.role.grants:
        raise Forbidden(
            f"As {actor.role} you cannot make anyone {role}.", fields={"role": "Choose a lower role."}
        )
    email = clean_address(email).lower()
    workspace = actor.workspace
    if _is_member(workspace.id, email):
        raise Conflict(f"{email} works here already.", fields={"email": f"{email} works here already."})
    db.session.execute(
        delete(Invitation).where(
            Invitation.workspace_id == workspace.id,
            Invitation.email == email,
            Invitation.accepted_at.is_(None),
        )
    )
    token = secrets.token_urlsafe(24)
    invitation = Invitation(
        workspace_id=workspace.id,
        email=email,
        role=role,
        token_hash=fingerprint(token),
        invited_by_id=actor.user_id,
        expires_at=now + _GOOD_FOR,
    )
    db.session.add(invitation)
    db.session.flush()
    signals.mail_wanted.send(
        SystemMail(
            template="invitation",
            workspace_id=workspace.id,
            to=email,
            values={
                "workspace": workspace.name,
                "role": str(role),
                "inviter": actor.user.name or actor.user.email,
                "days": _GOOD_FOR.days,
                "join_url": f"{current.settings().base_url}/invitations/{token}",
            },
        )
    )
    return invitation


def _is_member(workspace_id: object, email: str) -> bool:
    return (
        db.session.scalar(
            select(Membership.id)
            .join(User)
            .where(Membership.workspace_id == workspace_id, User.email == email)
            .limit(1)
        )
        is not None
    )
