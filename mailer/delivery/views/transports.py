"""The servers that a workspace's mail leaves by, one by one."""

from dataclasses import dataclass

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from mailer.accounts.roles import Role
from mailer.db import db, owned
from mailer.delivery.engine.ports import Server
from mailer.delivery.forms import TransportForm
from mailer.delivery.models import Tls, Transport
from mailer.delivery.transports import (
    remove_transport,
    save_transport,
    server_of,
    switch_transport,
    try_server,
)
from mailer.lib.clock import utcnow
from mailer.web.guards import requires, workspace_blueprint

bp = workspace_blueprint("transports", __name__)


@dataclass(frozen=True)
class Answer:
    """What a server said to a test."""

    server: Server
    is_good: bool
    words: str


@bp.get("/settings/sending/servers/new")
@requires(Role.ADMIN)
def new() -> ResponseReturnValue:
    """Ask for a new server."""
    return _page(TransportForm(), None)


@bp.post("/settings/sending/servers")
@requires(Role.ADMIN)
def create() -> ResponseReturnValue:
    """Let mail leave by another server."""
    return _save(TransportForm(), None)


@bp.get("/settings/sending/servers/<transport_id>")
@requires(Role.ADMIN)
def edit(transport_id: str) -> ResponseReturnValue:
    """Show one server, to be changed."""
    transport = _found(transport_id)
    form = TransportForm(obj=transport)
    form.tls.data = transport.tls.value
    return _page(form, transport)


@bp.post("/settings/sending/servers/<transport_id>")
@requires(Role.ADMIN)
def update(transport_id: str) -> ResponseReturnValue:
    """Change a server."""
    return _save(TransportForm(), _found(transport_id))


@bp.post("/settings/sending/servers/test")
@requires(Role.ADMIN)
def test_new() -> ResponseReturnValue:
    """Connect, encrypt and sign in with what is typed, and show what the server answered."""
    return _test(TransportForm(), None)


@bp.post("/settings/sending/servers/<transport_id>/test")
@requires(Role.ADMIN)
def test(transport_id: str) -> ResponseReturnValue:
    """Do the same with what is typed about a server that is stored."""
    return _test(TransportForm(), _found(transport_id))


@bp.post("/settings/sending/servers/<transport_id>/enable")
@requires(Role.ADMIN)
def enable(transport_id: str) -> ResponseReturnValue:
    """Use a server again."""
    return _switch(_found(transport_id), is_enabled=True)


@bp.post("/settings/sending/servers/<transport_id>/disable")
@requires(Role.ADMIN)
def disable(transport_id: str) -> ResponseReturnValue:
    """Use a server no more, and keep it."""
    return _switch(_found(transport_id), is_enabled=False)


@bp.post("/settings/sending/servers/<transport_id>/delete")
@requires(Role.ADMIN)
def delete(transport_id: str) -> ResponseReturnValue:
    """Remove a server."""
    transport = _found(transport_id)
    name = transport.name or transport.host
    remove_transport(transport)
    db.session.commit()
    flash(f"“{name}” and its password are removed.", "success")
    return redirect(url_for("delivery.settings.show"))


def _save(form: TransportForm, transport: Transport | None) -> ResponseReturnValue:
    if not form.validate():
        return _page(form, transport), 422
    password = _new_password(form, transport)
    save_transport(
        form.fill(transport or Transport(workspace_id=g.workspace.id)), password=password, now=utcnow()
    )
    db.session.commit()
    flash("Server saved.", "success")
    return redirect(url_for("delivery.settings.show"))


def _test(form: TransportForm, stored: Transport | None) -> ResponseReturnValue:
    if not form.validate():
        return _page(form, stored), 422
    password = _new_password(form, stored)
    if password is None:
        password = server_of(stored).password if stored is not None else ""
    typed = Transport(
        workspace_id=g.workspace.id,
        host=form.host.data or "",
        port=form.port.data or 0,
        tls=Tls(form.tls.data),
        user=form.user.data or "",
    )
    server = server_of(typed, password=password)
    # Nothing of the database may wait for somebody else's server.
    db.session.rollback()
    is_good, words = try_server(server)
    return _page(form, stored, answer=Answer(server, is_good, words))


def _switch(transport: Transport, *, is_enabled: bool) -> ResponseReturnValue:
    switch_transport(transport, is_enabled=is_enabled, now=utcnow())
    db.session.commit()
    words = "takes mail again" if is_enabled else "takes no more mail"
    flash(f"“{transport.name or transport.host}” {words}.", "success")
    return redirect(url_for("delivery.settings.show"))


def _new_password(form: TransportForm, stored: Transport | None) -> str | None:
    """Return the password to use; None stands for the stored one, which no page ever shows.

    It stays only with the server and user that it belongs to: whoever may edit this form must
    not be able to have it sent to a server of their own.
    """
    if form.password.data:
        return form.password.data
    if stored is None:
        return ""
    typed = (form.host.data, form.port.data, form.user.data or "")
    return None if (stored.host, stored.port, stored.user) == typed else ""


def _page(form: TransportForm, transport: Transport | None, *, answer: Answer | None = None) -> str:
    return render_template("delivery/transport.html", form=form, transport=transport, answer=answer)


def _found(transport_id: str) -> Transport:
    return owned(Transport, g.workspace.id, transport_id, otherwise="There is no such server.")
