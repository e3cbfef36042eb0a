"""The programs that may act for a workspace."""

from datetime import timedelta

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from mailer.accounts import queries
from mailer.accounts.forms import KeyForm
from mailer.accounts.keys import create_key, revoke_key
from mailer.accounts.models import ApiKey
from mailer.accounts.roles import Role
from mailer.accounts.scopes import RESOURCES, kind_of
from mailer.current import settings
from mailer.db import db, owned
from mailer.errors import MailerError
from mailer.lib.clock import utcnow
from mailer.web.answers import show_on
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
    days = form.days.data
    try:
        key, secret = create_key(
            g.workspace.id,
            name=str(form.name.data),
            scopes=form.chosen_scopes(),
            calls_per_minute=form.calls_per_minute.data,
            expires_at=utcnow() + timedelta(days=days) if days else None,
            created_by_id=current_user.id,
        )
    except MailerError as error:
        show_on(form, error)
        return _page(form), 422
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
        "accounts/keys.html",
        form=form,
        keys=queries.keys_of(g.workspace),
        made=made,
        secret=secret,
        resources=RESOURCES,
        kind_of=kind_of,
        every_limit=settings().api_calls_per_minute,
        now=utcnow(),
    )
