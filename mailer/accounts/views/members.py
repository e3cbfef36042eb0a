"""Who works in a workspace, and as what."""

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from mailer.accounts import queries
from mailer.accounts.change_members import change_role, remove_member
from mailer.accounts.forms import InviteForm, RoleForm
from mailer.accounts.invite import invite
from mailer.accounts.models import Invitation, Membership
from mailer.accounts.roles import ADDS, Role
from mailer.db import db, owned
from mailer.lib.clock import utcnow
from mailer.web.answers import refusal_shown
from mailer.web.guards import requires, workspace_blueprint

bp = workspace_blueprint("members", __name__)


@bp.get("/members")
def index() -> ResponseReturnValue:
    """List members and open invitations."""
    return _page(InviteForm())


@bp.post("/members")
@requires(Role.ADMIN)
def create() -> ResponseReturnValue:
    """Invite someone."""
    form = InviteForm()
    if form.validate():
        with refusal_shown(form):
            invitation = invite(
                g.membership, email=str(form.email.data), role=Role(form.role.data), now=utcnow()
            )
            db.session.commit()
            flash(f"An invitation is on its way to {invitation.email}.", "success")
            return redirect(url_for(".index"))
    return _page(form), 422


@bp.post("/members/<member_id>")
@requires(Role.ADMIN)
def update(member_id: str) -> ResponseReturnValue:
    """Give a member another role."""
    membership, form = _member(member_id), RoleForm()
    if form.validate():
        change_role(membership, Role(form.role.data), actor=g.membership)
        db.session.commit()
        flash(f"{membership.user.name or membership.user.email} is {membership.role} now.", "success")
    return redirect(url_for(".index"))


@bp.post("/members/<member_id>/delete")
@requires(Role.ADMIN)
def delete(member_id: str) -> ResponseReturnValue:
    """Take a member's place away."""
    membership = _member(member_id)
    name = membership.user.name or membership.user.email
    remove_member(membership, actor=g.membership)
    db.session.commit()
    flash(f"{name} no longer works here.", "success")
    return redirect(url_for(".index"))


@bp.post("/leave")
def leave() -> ResponseReturnValue:
    """Give up one's own place."""
    name = g.workspace.name
    remove_member(g.membership, actor=g.membership)
    db.session.commit()
    flash(f"You left {name}.", "success")
    return redirect(url_for("accounts_public.home"))


@bp.post("/invitations/<invitation_id>/delete")
@requires(Role.ADMIN)
def withdraw(invitation_id: str) -> ResponseReturnValue:
    """Make an invitation's link useless."""
    invitation = owned(Invitation, g.workspace.id, invitation_id, otherwise="There is no such invitation.")
    db.session.delete(invitation)
    db.session.commit()
    flash(f"The invitation of {invitation.email} is withdrawn.", "success")
    return redirect(url_for(".index"))


def _member(member_id: str) -> Membership:
    return owned(Membership, g.workspace.id, member_id, otherwise="There is no such member.")


def _page(form: InviteForm) -> str:
    return render_template(
        "accounts/members.html",
        form=form,
        members=queries.members_of(g.workspace),
        invitations=queries.open_invitations(g.workspace, now=utcnow()),
        adds=ADDS,
    )
