"""The identities that campaigns are sent from."""

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from mailer.accounts.roles import Role
from mailer.db import db, owned
from mailer.delivery.forms import SenderForm
from mailer.delivery.models import Sender
from mailer.delivery.senders import remove_sender, save_sender
from mailer.errors import Conflict, Invalid
from mailer.web.guards import requires, workspace_blueprint

bp = workspace_blueprint("senders", __name__)


@bp.get("/settings/senders/new")
@requires(Role.ADMIN)
def new() -> ResponseReturnValue:
    """Ask for a new sender."""
    return render_template("delivery/sender.html", form=SenderForm(), sender=None)


@bp.post("/settings/senders")
@requires(Role.ADMIN)
def create() -> ResponseReturnValue:
    """Make a sender."""
    return _save(SenderForm(), None)


@bp.get("/settings/senders/<sender_id>")
@requires(Role.ADMIN)
def edit(sender_id: str) -> ResponseReturnValue:
    """Show one sender, to be changed."""
    sender = _found(sender_id)
    return render_template("delivery/sender.html", form=SenderForm(obj=sender), sender=sender)


@bp.post("/settings/senders/<sender_id>")
@requires(Role.ADMIN)
def update(sender_id: str) -> ResponseReturnValue:
    """Change a sender."""
    return _save(SenderForm(), _found(sender_id))


@bp.post("/settings/senders/<sender_id>/delete")
@requires(Role.ADMIN)
def delete(sender_id: str) -> ResponseReturnValue:
    """Remove a sender."""
    sender = _found(sender_id)
    remove_sender(sender)
    db.session.commit()
    flash(f"“{sender.name or sender.email}” is no longer offered as a sender.", "success")
    return redirect(url_for("delivery.settings.show"))


def _save(form: SenderForm, sender: Sender | None) -> ResponseReturnValue:
    if form.validate():
        try:
            save_sender(
                g.workspace.id,
                name=form.name.data or "",
                email=form.email.data or "",
                reply_to=form.reply_to.data or "",
                sender=sender,
            )
        except (Invalid, Conflict) as error:
            db.session.rollback()
            form.form_errors = [error.message]
        else:
            db.session.commit()
            flash("Sender saved.", "success")
            return redirect(url_for("delivery.settings.show"))
    return render_template("delivery/sender.html", form=form, sender=sender), 422


def _found(sender_id: str) -> Sender:
    return owned(Sender, g.workspace.id, sender_id, otherwise="There is no such sender.")
