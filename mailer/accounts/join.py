"""Accepting an invitation."""

from datetime import datetime

from sqlalchemy import select, update

from mailer.accounts.models import Invitation, Membership, User
from mailer.db import db
from mailer.errors import Conflict, NotFound
from mailer.lib.secrets import fingerprint

_GONE = "This invitation was used, withdrawn or has run out. Ask for a new one."


def invitation_for(token: str, *, now: datetime) -> Invitation:
    """Return the invitation that a link stands for.

    :raises NotFound: it cannot be used, with what to do about it
    """
    invitation = db.session.scalar(select(Invitation).where(Invitation.token_hash == fingerprint(token)))
    if invitation is None or invitation.accepted_at is not None or invitation.expires_at <= now:
        raise NotFound(_GONE)
    return invitation


def join(invitation: Invitation, user: User, *, now: datetime) -> Membership:
    """Give someone the place that they were invited to.

    :raises NotFound: the invitation was used a moment ago
    :raises Conflict: it was meant for somebody else
    """
    if user.email != invitation.email:
        raise Conflict(f"This invitation is for {invitation.email}, and you are signed in as {user.email}.")
    used = db.session.execute(
        update(Invitation)
        .where(Invitation.id == invitation.id, Invitation.accepted_at.is_(None))
        .values(accepted_at=now)
    )
    if used.rowcount != 1:  # type: ignore[attr-defined]
        raise NotFound(_GONE)
    membership = db.session.scalar(
        select(Membership).where(
            Membership.workspace_id == invitation.workspace_id, Membership.user_id == user.id
        )
    )
    if membership is None:
        membership = Membership(workspace_id=invitation.workspace_id, user_id=user.id, role=invitation.role)
        db.session.add(membership)
        db.session.flush()
    return membership
