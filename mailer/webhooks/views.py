"""Endpoints, what they were told, and telling it again: the pages."""

import json
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from mailer.accounts.roles import Role
from mailer.db import db
from mailer.lib.choices import choice_of
from mailer.lib.clock import utcnow
from mailer.web.answers import refusal_shown
from mailer.web.guards import requires, workspace_blueprint
from mailer.web.pages import page_of
from mailer.webhooks import endpoints, queries
from mailer.webhooks.catalogue import groups
from mailer.webhooks.forms import EndpointForm
from mailer.webhooks.models import Endpoint, Posting, PostingState
from mailer.webhooks.post import request_for

bp = workspace_blueprint("webhooks", __name__)


@bp.get("/settings/webhooks")
@requires(Role.ADMIN)
def index() -> ResponseReturnValue:
    """List the endpoints, and how they are."""
    rows = db.session.scalars(queries.endpoints_of(g.workspace.id).order_by(Endpoint.id.desc())).all()
    return render_template("webhooks/index.html", endpoints=rows, counts=queries.counts_of(rows))


@bp.get("/settings/webhooks/new")
@requires(Role.ADMIN)
def new() -> ResponseReturnValue:
    """Ask for an address and what it is to be told."""
    return _form_page(EndpointForm(), None)


@bp.post("/settings/webhooks")
@requires(Role.ADMIN)
def create() -> ResponseReturnValue:
    """Make an endpoint, and show its secret this once."""
    form = EndpointForm()
    if form.validate():
        with refusal_shown(form):
            endpoint, secret = endpoints.create_endpoint(
                g.workspace.id, **_typed(form), created_by_id=current_user.id
            )
            db.session.commit()
            return _secret_page(endpoint, secret)
    return _form_page(form, None), 422


@bp.get("/settings/webhooks/<endpoint_id>")
@requires(Role.ADMIN)
def show(endpoint_id: str) -> ResponseReturnValue:
    """Show an endpoint and what it was told, newest first."""
    endpoint = _endpoint(endpoint_id)
    state = choice_of(PostingState, request.args.get("state", ""), label="The state")
    return render_template(
        "webhooks/show.html",
        endpoint=endpoint,
        page=page_of(queries.postings_of(endpoint, state=state), Posting),
        state=state,
        states=[("", "All"), *((one.value, one.capitalize()) for one in PostingState)],
        counts=queries.counts_of([endpoint])[endpoint.id],
        now=utcnow(),
    )


@bp.get("/settings/webhooks/<endpoint_id>/edit")
@requires(Role.ADMIN)
def edit(endpoint_id: str) -> ResponseReturnValue:
    """Ask what should change."""
    endpoint = _endpoint(endpoint_id)
    return _form_page(EndpointForm(obj=endpoint), endpoint)


@bp.post("/settings/webhooks/<endpoint_id>")
@requires(Role.ADMIN)
def update(endpoint_id: str) -> ResponseReturnValue:
    """Change where an endpoint is and what it is told."""
    endpoint, form = _endpoint(endpoint_id), EndpointForm()
    if form.validate():
        with refusal_shown(form):
            endpoints.change_endpoint(endpoint, **_typed(form))
            db.session.commit()
            flash("Saved.", "success")
            return _back(endpoint_id)
    return _form_page(form, _endpoint(endpoint_id)), 422


@bp.get("/settings/webhooks/<endpoint_id>/deliveries/<posting_id>")
@requires(Role.ADMIN)
def show_posting(endpoint_id: str, posting_id: str) -> ResponseReturnValue:
    """Show what was sent, and every answer."""
    endpoint = _endpoint(endpoint_id)
    posting = queries.posting_by_id(endpoint, posting_id)
    sent = request_for(posting.event, endpoint, now=utcnow())
    return render_template(
        "webhooks/posting.html",
        endpoint=endpoint,
        posting=posting,
        tries=queries.tries_of(posting),
        sent=sent,
        body=json.dumps(json.loads(sent.body), ensure_ascii=False, indent=2),
    )


@bp.post("/settings/webhooks/<endpoint_id>/deliveries/<posting_id>/replay")
@requires(Role.ADMIN)
def replay(endpoint_id: str, posting_id: str) -> ResponseReturnValue:
    """Tell one event once more."""
    endpoints.replay(queries.posting_by_id(_endpoint(endpoint_id), posting_id), now=utcnow())
    db.session.commit()
    flash("It is told once more, under the same id.", "success")
    return redirect(url_for(".show_posting", endpoint_id=endpoint_id, posting_id=posting_id))


@bp.post("/settings/webhooks/<endpoint_id>/replay")
@requires(Role.ADMIN)
def replay_failed(endpoint_id: str) -> ResponseReturnValue:
    """Tell everything again that failed."""
    endpoint = _endpoint(endpoint_id)
    count = endpoints.replay_since(endpoint, since=endpoint.created_at, now=utcnow())
    db.session.commit()
    flash(f"{count:,} event{'' if count == 1 else 's'} told once more.", "success")
    return _back(endpoint_id)


@bp.post("/settings/webhooks/<endpoint_id>/test")
@requires(Role.ADMIN)
def test(endpoint_id: str) -> ResponseReturnValue:
    """Tell an endpoint a test event."""
    posting = endpoints.send_test(_endpoint(endpoint_id), now=utcnow())
    db.session.commit()
    return redirect(url_for(".show_posting", endpoint_id=endpoint_id, posting_id=posting.public_id))


@bp.post("/settings/webhooks/<endpoint_id>/rotate-secret")
@requires(Role.ADMIN)
def rotate(endpoint_id: str) -> ResponseReturnValue:
    """Replace an endpoint's secret, and show the new one this once."""
    endpoint = _endpoint(endpoint_id)
    secret = endpoints.replace_secret(endpoint, now=utcnow())
    db.session.commit()
    return _secret_page(endpoint, secret)


@bp.post("/settings/webhooks/<endpoint_id>/enable")
@requires(Role.ADMIN)
def enable(endpoint_id: str) -> ResponseReturnValue:
    """Tell an endpoint again."""
    endpoints.switch_endpoint(_endpoint(endpoint_id), is_enabled=True, now=utcnow())
    db.session.commit()
    flash("It is told again, also what waited.", "success")
    return _back(endpoint_id)


@bp.post("/settings/webhooks/<endpoint_id>/disable")
@requires(Role.ADMIN)
def disable(endpoint_id: str) -> ResponseReturnValue:
    """Tell an endpoint nothing more."""
    endpoints.switch_endpoint(_endpoint(endpoint_id), is_enabled=False, now=utcnow())
    db.session.commit()
    flash("It is told nothing more. What waits stays for 30 days.", "success")
    return _back(endpoint_id)


@bp.post("/settings/webhooks/<endpoint_id>/delete")
@requires(Role.ADMIN)
def delete(endpoint_id: str) -> ResponseReturnValue:
    """Remove an endpoint with its log."""
    endpoints.remove_endpoint(_endpoint(endpoint_id))
    db.session.commit()
    flash("The endpoint and its log are removed.", "success")
    return redirect(url_for(".index"))


def _endpoint(endpoint_id: str) -> Endpoint:
    return queries.endpoint_by_id(g.workspace.id, endpoint_id)


def _typed(form: EndpointForm) -> dict[str, Any]:
    return {
        "url": form.url.data or "",
        "events": form.events.data or [],
        "description": form.description.data or "",
    }


def _back(endpoint_id: str) -> ResponseReturnValue:
    return redirect(url_for(".show", endpoint_id=endpoint_id))


def _secret_page(endpoint: Endpoint, secret: str) -> ResponseReturnValue:
    # The answer itself, not a redirect: the secret is put into no session.
    page = render_template("webhooks/secret.html", endpoint=endpoint, secret=secret)
    return page, {"Cache-Control": "no-store"}


def _form_page(form: EndpointForm, endpoint: Endpoint | None) -> str:
    return render_template("webhooks/form.html", form=form, endpoint=endpoint, groups=groups())
