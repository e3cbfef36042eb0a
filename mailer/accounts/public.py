"""What anyone may open: the start page, the link of the first run, an invitation."""

from flask import Blueprint, flash, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_security import login_user

from mailer.accounts import queries
from mailer.accounts.first_run import check_first_run, finish_first_run
from mailer.accounts.forms import FirstRunForm, JoinForm
from mailer.accounts.found import create_user
from mailer.accounts.join import invitation_for, join
from mailer.accounts.models import Invitation, User
from mailer.db import db
from mailer.errors import Conflict, Invalid
from mailer.lib.clock import utcnow
from mailer.web.answers import show_on

bp = Blueprint("accounts_public", __name__)


@bp.get("/")
def home() -> ResponseReturnValue:
    """Lead people to where they work, to the sign-in, or say how to begin."""
    if not current_user.is_authenticated:
        return redirect(url_for("security.login")) if queries.has_users() else _page_before_the_first_run()
    workspaces = queries.workspaces_of(current_user)
    if not workspaces:
        return redirect(url_for("accounts.workspaces.new"))
    last = next((one for one in workspaces if one.slug == session.get("workspace")), workspaces[0])
    return redirect(url_for("dashboard.show", workspace=last.slug))


@bp.get("/welcome/<token>")
def first_run(token: str) -> ResponseReturnValue:
    """Ask for the first workspace and its owner."""
    check_first_run(token)
    return render_template("accounts/first_run.html", form=FirstRunForm())


@bp.post("/welcome/<token>")
def finish(token: str) -> ResponseReturnValue:
    """Make them, sign the owner in, and close the link."""
    form = FirstRunForm()
    if form.validate():
        try:
            owner, workspace = finish_first_run(
                token,
                workspace=str(form.workspace.data),
                time_zone=form.time_zone.data,
                name=str(form.name.data or ""),
                email=str(form.email.data),
                password=str(form.password.data),
            )
        except Invalid as error:
            db.session.rollback()
            show_on(form, error)
        else:
            db.session.commit()
            login_user(owner, authn_via=["password"])
            if form.demo.data:
                # The same POST goes on to the room that plants it, which stands above this one.
                return redirect(url_for("demo.plant"), code=307)
            return redirect(url_for("dashboard.show", workspace=workspace.slug))
    check_first_run(token)
    return render_template("accounts/first_run.html", form=form), 422


@bp.get("/invitations/<token>")
def invitation(token: str) -> ResponseReturnValue:
    """Show what someone is invited to."""
    return _invitation_page(invitation_for(token, now=utcnow()), JoinForm())


@bp.post("/invitations/<token>")
def accept(token: str) -> ResponseReturnValue:
    """Join, as the signed-in person or as someone new."""
    found, form = invitation_for(token, now=utcnow()), JoinForm()
    if current_user.is_authenticated:
        return _enter(found, current_user._get_current_object())
    if queries.user_by_email(found.email) is not None:
        return redirect(url_for("security.login", next=url_for(".invitation", token=token)))
    if form.validate():
        try:
            user = create_user(email=found.email, password=str(form.password.data), name=str(form.name.data))
        except (Invalid, Conflict) as error:
            db.session.rollback()
            show_on(form, error)
        else:
            answer = _enter(found, user)
            login_user(user, authn_via=["password"])
            return answer
    return _invitation_page(found, form), 422


def _enter(found: Invitation, user: User) -> ResponseReturnValue:
    membership = join(found, user, now=utcnow())
    db.session.commit()
    flash(f"Welcome to {membership.workspace.name}.", "success")
    return redirect(url_for("dashboard.show", workspace=membership.workspace.slug))


def _invitation_page(found: Invitation, form: JoinForm) -> str:
    return render_template(
        "accounts/invitation.html",
        invitation=found,
        form=form,
        has_login=queries.user_by_email(found.email) is not None,
    )


def _page_before_the_first_run() -> ResponseReturnValue:
    return render_template("accounts/before_first_run.html")
