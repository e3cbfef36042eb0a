"""Suppressions: addresses that must not be mailed, and why."""

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from mailer.accounts.roles import Role
from mailer.consent import queries
from mailer.consent.forms import SuppressForm
from mailer.consent.models import StreamSuppression, Suppression, SuppressionReason
from mailer.consent.suppress import (
    close_stream,
    lift_suppression,
    open_stream,
    stream_suppression_by_id,
    suppress,
    suppression_by_id,
)
from mailer.db import db
from mailer.lib.choices import choice_of
from mailer.lib.lines import clean_search
from mailer.web.answers import refusal_shown
from mailer.web.guards import requires, workspace_blueprint
from mailer.web.pages import page_of

bp = workspace_blueprint("suppressions", __name__)


@bp.get("/suppressions")
def index() -> str:
    """List the suppressions."""
    return _page(SuppressForm())


@bp.get("/suppressions/streams")
def streams() -> str:
    """List what is about one stream of transactional messages only."""
    return _page(SuppressForm(), is_of_streams=True)


@bp.post("/suppressions")
@requires(Role.EDITOR)
def create() -> ResponseReturnValue:
    """Suppress an address."""
    form = SuppressForm()
    if form.validate():
        with refusal_shown(form):
            _suppress(form)
            db.session.commit()
            stream = form.stream.data
            said = f"Nothing of “{stream}” goes" if stream else "No campaign goes"
            flash(f"{said} to this address any more.", "success")
            return redirect(url_for(".streams" if stream else ".index"))
    return _page(form), 422


@bp.post("/suppressions/<suppression_id>/lift")
@requires(Role.ADMIN)
def lift(suppression_id: str) -> ResponseReturnValue:
    """Let an address be mailed again."""
    suppression = suppression_by_id(g.workspace.id, suppression_id)
    lift_suppression(suppression, words=request.form.get("words", ""), actor_id=current_user.id)
    db.session.commit()
    flash(f"{suppression.email_key} may be mailed again.", "success")
    return redirect(url_for(".index"))


@bp.post("/suppressions/streams/<stream_suppression_id>/lift")
@requires(Role.ADMIN)
def lift_in_stream(stream_suppression_id: str) -> ResponseReturnValue:
    """Let an address get one stream again."""
    suppression = stream_suppression_by_id(g.workspace.id, stream_suppression_id)
    open_stream(suppression, words=request.form.get("words", ""), actor_id=current_user.id)
    db.session.commit()
    flash(f"{suppression.email_key} gets “{suppression.stream}” again.", "success")
    return redirect(url_for(".streams"))


def _suppress(form: SuppressForm) -> None:
    email, detail = form.email.data or "", form.detail.data or ""
    if form.stream.data:
        close_stream(g.workspace.id, form.stream.data, email, SuppressionReason.MANUAL, detail=detail)
    else:
        suppress(g.workspace.id, email, SuppressionReason.MANUAL, detail=detail, actor_id=current_user.id)


def _page(form: SuppressForm, *, is_of_streams: bool = False) -> str:
    reason = choice_of(SuppressionReason, request.args.get("reason", ""), label="The reason")
    search = clean_search(request.args.get("q", ""))
    found = queries.stream_suppressions if is_of_streams else queries.suppressions
    query = found(g.workspace.id, search=search, reason=reason)
    return render_template(
        "consent/suppressions.html",
        page=page_of(query, StreamSuppression if is_of_streams else Suppression),
        is_of_streams=is_of_streams,
        form=form,
        q=search,
        reason=reason or "",
        reasons=list(SuppressionReason),
    )
