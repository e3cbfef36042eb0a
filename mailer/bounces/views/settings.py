"""By which ways things come back, and when they count."""

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from mailer.accounts.roles import Role
from mailer.bounces import queries
from mailer.bounces.forms import PROVIDER_NAMES, HookForm, MailboxForm, ReturnPathForm, RulesForm
from mailer.bounces.hooks import hook_by_id, new_secret, open_hook
from mailer.bounces.models import Provider, ReturnMailbox
from mailer.bounces.poll import poll_mailbox, save_mailbox
from mailer.bounces.record import rules_of
from mailer.db import db, owned
from mailer.delivery.domains import set_return_path
from mailer.delivery.models import SendingDomain
from mailer.errors import Invalid, NotFound
from mailer.web.guards import requires, workspace_blueprint

bp = workspace_blueprint("settings", __name__)


@bp.get("/settings/returns")
@requires(Role.ADMIN)
def show() -> ResponseReturnValue:
    """Show the rules and the ways."""
    return _page()


@bp.post("/settings/returns")
@requires(Role.ADMIN)
def update() -> ResponseReturnValue:
    """Change when soft bounces are enough."""
    form = RulesForm()
    if not form.validate():
        return _page(rules=form), 422
    rules = rules_of(g.workspace.id)
    form.populate_obj(rules)
    db.session.add(rules)
    db.session.commit()
    flash("Rules saved.", "success")
    return _back()


@bp.post("/settings/returns/mailbox")
@requires(Role.ADMIN)
def save() -> ResponseReturnValue:
    """Keep the mailbox."""
    form, stored = MailboxForm(), queries.mailbox_of(g.workspace.id)
    if not form.validate():
        return _page(mailbox=form), 422
    has_moved = stored is None or (stored.host, stored.port, stored.user) != (
        *(form.host.data, form.port.data, form.user.data),
    )
    if has_moved and not form.password.data:
        # Whoever may change the server must not have it told the password of another.
        form.password.errors = ["Type the password."]
        return _page(mailbox=form), 422
    mailbox = form.fill(stored or ReturnMailbox(workspace_id=g.workspace.id))
    save_mailbox(mailbox, password=form.password.data or None)
    db.session.commit()
    flash("Mailbox saved.", "success")
    return _back()


@bp.post("/settings/returns/mailbox/poll")
@requires(Role.ADMIN)
def poll() -> ResponseReturnValue:
    """Read the mailbox now."""
    if queries.mailbox_of(g.workspace.id) is None:
        raise NotFound("There is no mailbox yet.")
    read = poll_mailbox(g.workspace.id)
    mailbox = queries.mailbox_of(g.workspace.id)
    if mailbox is not None and mailbox.problem:
        flash(f"It could not be read: {mailbox.problem}", "error")
    else:
        flash(f"{read} new mail{'' if read == 1 else 's'} read.", "success")
    return _back()


@bp.post("/settings/returns/mailbox/delete")
@requires(Role.ADMIN)
def delete() -> ResponseReturnValue:
    """Read the mailbox no more, and forget its password."""
    mailbox = queries.mailbox_of(g.workspace.id)
    if mailbox is not None:
        db.session.delete(mailbox)
        db.session.commit()
    flash("The mailbox and its password are removed.", "success")
    return _back()


@bp.post("/settings/returns/hooks")
@requires(Role.ADMIN)
def create_hook() -> ResponseReturnValue:
    """Let a provider call."""
    form = HookForm()
    provider = Provider(form.provider.data) if form.provider.data in list(Provider) else Provider.GENERIC
    secret = (form.secret.data or "").strip()
    if form.validate() and not secret and provider is not Provider.GENERIC:
        form.secret.errors = ["Paste what the provider’s calls are proven by."]
    if form.errors or form.secret.errors:
        return _page(hook=form), 422
    made = secret or new_secret()
    open_hook(g.workspace.id, provider, secret=made)
    db.session.commit()
    if secret:
        flash(f"{PROVIDER_NAMES[provider]} may call now. Its address stands below.", "success")
    else:
        flash(f"The secret, shown this once: {made}", "success")
    return _back()


@bp.post("/settings/returns/hooks/<hook_id>/delete")
@requires(Role.ADMIN)
def delete_hook(hook_id: str) -> ResponseReturnValue:
    """Let a provider call no more."""
    hook = hook_by_id(hook_id, workspace_id=g.workspace.id)
    name = PROVIDER_NAMES[hook.provider]
    db.session.delete(hook)
    db.session.commit()
    flash(f"Calls of {name} are refused from now on.", "success")
    return _back()


@bp.post("/settings/returns/domains/<domain_id>")
@requires(Role.ADMIN)
def return_path(domain_id: str) -> ResponseReturnValue:
    """Say where the bounces of a domain come back to."""
    form = ReturnPathForm()
    domain = owned(SendingDomain, g.workspace.id, domain_id, otherwise="There is no such sending domain.")
    if not form.validate():
        raise Invalid(next(iter(form.errors.values()))[0])
    set_return_path(domain, form.return_path.data or "")
    db.session.commit()
    flash(
        f"Bounces of {domain.domain} come back to {domain.return_path} from now on."
        if domain.return_path
        else f"Bounces of {domain.domain} go to its senders again.",
        "success",
    )
    return _back()


def _back() -> ResponseReturnValue:
    return redirect(url_for(".show"))


def _page(
    *, rules: RulesForm | None = None, mailbox: MailboxForm | None = None, hook: HookForm | None = None
) -> str:
    stored = queries.mailbox_of(g.workspace.id)
    if mailbox is None:
        mailbox = MailboxForm(formdata=None, obj=stored)
        if stored is not None:
            mailbox.protocol.data, mailbox.encryption.data = stored.protocol.value, stored.encryption.value
    return render_template(
        "bounces/settings.html",
        rules=rules or RulesForm(formdata=None, obj=rules_of(g.workspace.id)),
        form=mailbox,
        mailbox=stored,
        hook_form=hook or HookForm(formdata=None),
        hooks=queries.hooks_of(g.workspace.id),
        provider_names=PROVIDER_NAMES,
        domains=queries.domains_of(g.workspace.id),
    )
