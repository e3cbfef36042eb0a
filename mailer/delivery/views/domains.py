"""The domains that a workspace sends from: their keys, and the records to publish."""

from urllib.parse import urlsplit

from flask import abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from mailer.accounts.roles import Role
from mailer.current import settings
from mailer.db import db, owned
from mailer.delivery import queries
from mailer.delivery.dkim_rotation import activate, add_key, retire
from mailer.delivery.doctor import examine
from mailer.delivery.domains import add_domain, remove_domain, set_tracking_host, switch_signing
from mailer.delivery.engine.dkim_keys import Algorithm
from mailer.delivery.forms import DomainForm, TrackingHostForm
from mailer.delivery.models import DkimKey, KeyState, SendingDomain
from mailer.delivery.verify_domain import records_of, take_answers
from mailer.errors import Conflict, Invalid
from mailer.lib.clock import utcnow
from mailer.web.guards import requires, workspace_blueprint

bp = workspace_blueprint("domains", __name__)


@bp.get("/settings/domains")
@requires(Role.ADMIN)
def index() -> ResponseReturnValue:
    """List the domains, and whether their mail is signed."""
    return _index(DomainForm())


@bp.post("/settings/domains")
@requires(Role.ADMIN)
def create() -> ResponseReturnValue:
    """Add a domain, and show the record to publish."""
    form = DomainForm()
    if form.validate():
        try:
            sending_domain = add_domain(g.workspace.id, form.domain.data or "")
        except (Invalid, Conflict) as error:
            db.session.rollback()
            form.domain.errors = [error.message]
        else:
            db.session.commit()
            return redirect(url_for(".show", domain_id=sending_domain.public_id))
    return _index(form), 422


@bp.get("/settings/domains/<domain_id>")
@requires(Role.ADMIN)
def show(domain_id: str) -> ResponseReturnValue:
    """Show a domain's keys and their records."""
    sending_domain = _found(domain_id)
    return _show(sending_domain, TrackingHostForm(obj=sending_domain))


@bp.post("/settings/domains/<domain_id>/check")
@requires(Role.ADMIN)
def check(domain_id: str) -> ResponseReturnValue:
    """Look every record of a domain up; a new key whose record is there begins to sign."""
    names = records_of(_found(domain_id))
    # Nothing of the database may wait for somebody else's name server.
    db.session.rollback()
    verified = take_answers(_found(domain_id), names.look_up(), now=utcnow())
    db.session.commit()
    if verified.problem:
        flash(verified.problem, "error")
    elif verified.began:
        flash("The record is there. Mail of this domain is signed with the new key from now on.", "success")
    else:
        flash("Looked. What was found stands beside each record.", "info")
    return _back(domain_id)


@bp.post("/settings/domains/<domain_id>/keys")
@requires(Role.ADMIN)
def create_key(domain_id: str) -> ResponseReturnValue:
    """Make a further key, which waits for its record."""
    sending_domain = _found(domain_id)
    try:
        algorithm = Algorithm(request.form.get("algorithm", ""))
    except ValueError:
        abort(400)
    add_key(sending_domain, algorithm)
    db.session.commit()
    flash("A new key is ready. It signs once its record is published.", "success")
    return _back(domain_id)


@bp.post("/settings/domains/<domain_id>/keys/<dkim_key_id>/activate")
@requires(Role.ADMIN)
def activate_key(domain_id: str, dkim_key_id: str) -> ResponseReturnValue:
    """Sign with a new key whether its record was found or not."""
    activate(_key(domain_id, dkim_key_id), now=utcnow())
    db.session.commit()
    flash("The key signs from now on.", "success")
    return _back(domain_id)


@bp.post("/settings/domains/<domain_id>/keys/<dkim_key_id>/retire")
@requires(Role.ADMIN)
def retire_key(domain_id: str, dkim_key_id: str) -> ResponseReturnValue:
    """Destroy a key that need not sign any more."""
    retire(_key(domain_id, dkim_key_id), now=utcnow())
    db.session.commit()
    flash("The key is destroyed. Its record can be removed from the DNS.", "success")
    return _back(domain_id)


@bp.post("/settings/domains/<domain_id>/signing")
@requires(Role.ADMIN)
def signing(domain_id: str) -> ResponseReturnValue:
    """Sign here, or leave it to the mail server."""
    is_on = request.form.get("on") == "1"
    switch_signing(_found(domain_id), is_on=is_on)
    db.session.commit()
    flash(
        "Mailer signs this domain’s mail." if is_on else "The mail server signs this domain’s mail.",
        "success",
    )
    return _back(domain_id)


@bp.post("/settings/domains/<domain_id>/tracking-host")
@requires(Role.ADMIN)
def tracking_host(domain_id: str) -> ResponseReturnValue:
    """Let links be of a host of the domain's own, and look whether it leads here."""
    form, sending_domain = TrackingHostForm(), _found(domain_id)
    try:
        set_tracking_host(sending_domain, form.tracking_host.data or "")
    except Invalid as error:
        db.session.rollback()
        form.tracking_host.errors = [error.message]
        return _show(_found(domain_id), form), 422
    db.session.commit()
    examine(sending_domain.id, now=utcnow())
    db.session.commit()
    return _back(domain_id)


@bp.post("/settings/domains/<domain_id>/delete")
@requires(Role.ADMIN)
def delete(domain_id: str) -> ResponseReturnValue:
    """Forget a domain and destroy its keys."""
    sending_domain = _found(domain_id)
    name = sending_domain.domain
    remove_domain(sending_domain)
    db.session.commit()
    flash(f"“{name}” is removed, and its keys are destroyed.", "success")
    return redirect(url_for(".index"))


def _show(sending_domain: SendingDomain, form: TrackingHostForm) -> str:
    return render_template(
        "delivery/domain.html",
        tracking_form=form,
        our_host=urlsplit(settings().base_url).hostname,
        sending_domain=sending_domain,
        pending=sending_domain.keys_in(KeyState.PENDING),
        active=sending_domain.keys_in(KeyState.ACTIVE),
        replaced=sending_domain.keys_in(KeyState.REPLACED),
        retired=sending_domain.keys_in(KeyState.RETIRED),
        kinds={key.algorithm.value for key in sending_domain.keys_in(KeyState.PENDING, KeyState.ACTIVE)},
        waiting={key.algorithm.value for key in sending_domain.keys_in(KeyState.PENDING)},
    )


def _index(form: DomainForm) -> str:
    return render_template(
        "delivery/domains.html",
        form=form,
        domains=queries.sending_domains_of(g.workspace),
        unsigned=queries.domains_without_key(g.workspace),
    )


def _back(domain_id: str) -> ResponseReturnValue:
    return redirect(url_for(".show", domain_id=domain_id))


def _found(domain_id: str) -> SendingDomain:
    return owned(SendingDomain, g.workspace.id, domain_id, otherwise="There is no such sending domain.")


def _key(domain_id: str, key_id: str) -> DkimKey:
    return queries.dkim_key_of(_found(domain_id), key_id)
