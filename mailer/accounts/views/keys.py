"""The programs that may act for a workspace."""

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from mailer.accounts import queries
from mailer.accounts.forms import KeyForm
from mailer.accounts.keys import create_key, revoke_key
from mailer.accounts.models import ApiKey, Scope
from mailer.accounts.roles import Role
from mailer.db import db, owned
from mailer.lib.clock import utcnow
from mailer.web.guards import requires, workspace_blueprint

bp = workspace_blueprint("keys", __name__)


@bp.get("/keys")
@requires(Role.ADMIN)
def index() -> ResponseReturnValue:
    """List the keys that work."""
    return _page(KeyForm())


@bp.post("/keys")
@requires(Role.ADMIN)
def create() -> ResponseReturnValue:
    """Make a key, and show its secret this once."""
    form = KeyForm()
    if not form.validate():
        return _page(form), 422
    key, secret = create_key(
        g.workspace.id, name=str(form.name.data), scope=Scope(form.scope.data), actor=current_user
    )
    db.session.commit()
    # The answer itself, not a redirect: the secret is neither stored nor put into a session.
    return _page(KeyForm(formdata=None), made=key, secret=secret), {"Cache-Control": "no-store"}


@bp.post("/keys/<key_id>/revoke")
@requires(Role.ADMIN)
def revoke(key_id: str) -> ResponseReturnValue:
    """Take a key back."""
    key = owned(ApiKey, g.workspace.id, key_id, otherwise="There is no such key.")
    revoke_key(key, now=utcnow())
    db.session.commit()
    flash(f"The key “{key.name}” no longer works.", "success")
    return redirect(url_for(".index"))


def _page(form: KeyForm, made: ApiKey | None = None, secret: str = "") -> str:
    return render_template(
        "accounts/keys.html", form=form, keys=queries.keys_of(g.workspace), made=made, secret=secret
    )
