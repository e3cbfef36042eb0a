"""The server that a workspace's mail leaves by."""

from dataclasses import dataclass

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from mailer.accounts.roles import Role
from mailer.current import settings
from mailer.db import db
from mailer.delivery import queries
from mailer.delivery.engine.ports import Server
from mailer.delivery.forms import SenderForm, TransportForm
from mailer.delivery.models import Tls, Transport
from mailer.delivery.transports import (
    default_server,
    forget_transport,
    save_transport,
    server_of,
    transport_of,
    try_server,
)
from mailer.lib.clock import utcnow
from mailer.web.guards import requires, workspace_blueprint

bp = workspace_blueprint("settings", __name__)


@dataclass(frozen=True)
class Answer:
    """What a server said to a test."""

    server: Server
    is_good: bool
    words: str


@bp.get("/settings/sending")
@requires(Role.ADMIN)
def show() -> ResponseReturnValue:
    """Show the server in use and the senders."""
    return _page(TransportForm(obj=transport_of(g.workspace.id)))


@bp.post("/settings/sending")
@requires(Role.ADMIN)
def update() -> ResponseReturnValue:
    """Use another server."""
    form = TransportForm()
    if not form.validate():
        return _page(form), 422
    save_transport(
        g.workspace.id,
        host=form.host.data or "",
        port=form.port.data or 0,
        tls=Tls(form.tls.data),
        user=form.user.data or "",
        password=_new_password(form),
        now=utcnow(),
    )
    db.session.commit()
    flash("Saved. Mail of this workspace leaves by this server from now on.", "success")
    return redirect(url_for(".show"))


@bp.post("/settings/sending/test")
@requires(Role.ADMIN)
def test() -> ResponseReturnValue:
    """Connect, encrypt and sign in with what is in the form, and show what the server answered."""
    form = TransportForm()
    if not form.validate():
        return _page(form), 422
    typed = Transport(
        workspace_id=g.workspace.id,
        host=form.host.data or "",
        port=form.port.data or 0,
        tls=Tls(form.tls.data),
        user=form.user.data or "",
    )
    server = server_of(typed, password=_password_to_try(form))
    # Nothing of the database may wait for somebody else's server.
    db.session.rollback()
    is_good, words = try_server(server)
    return _page(form, answer=Answer(server, is_good, words))


@bp.post("/settings/sending/default")
@requires(Role.ADMIN)
def reset() -> ResponseReturnValue:
    """Go back to the installation's server."""
    forget_transport(g.workspace.id)
    db.session.commit()
    flash("Mail of this workspace leaves by the installation’s server again.", "success")
    return redirect(url_for(".show"))


def _new_password(form: TransportForm) -> str | None:
    """Return the password to store; None keeps the stored one, which no page ever shows.

    It stays only with the server and user that it belongs to: whoever may edit this form must
    not be able to have it sent to a server of their own.
    """
    if form.password.data:
        return form.password.data
    return None if _is_same_login(form) else ""


def _password_to_try(form: TransportForm) -> str:
    if form.password.data:
        return form.password.data
    stored = transport_of(g.workspace.id)
    return server_of(stored).password if stored is not None and _is_same_login(form) else ""


def _is_same_login(form: TransportForm) -> bool:
    stored = transport_of(g.workspace.id)
    typed = (form.host.data, form.port.data, form.user.data or "")
    return stored is not None and (stored.host, stored.port, stored.user) == typed


def _page(form: TransportForm, *, answer: Answer | None = None) -> str:
    return render_template(
        "delivery/settings.html",
        form=form,
        answer=answer,
        transport=transport_of(g.workspace.id),
        default=default_server(settings()),
        is_catching=settings().is_catching,
        senders=queries.senders_of(g.workspace),
        sender_form=SenderForm(formdata=None),
    )
