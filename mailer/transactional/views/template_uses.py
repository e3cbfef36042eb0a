"""A template as programs see it: its alias, its subject, what it wants to be told."""

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from mailer.accounts.roles import Role
from mailer.composing.models import Template
from mailer.composing.queries import template_by_id
from mailer.current import settings
from mailer.db import db
from mailer.errors import MailerError
from mailer.transactional.fill_template import variables_of
from mailer.transactional.forms import TemplateUseForm
from mailer.transactional.offer_template import offer_template
from mailer.transactional.queries import use_of
from mailer.web.guards import requires, workspace_blueprint

bp = workspace_blueprint("template_uses", __name__)


@bp.get("/templates/<template_id>/programs")
def show(template_id: str) -> ResponseReturnValue:
    """Show how a program sends by this template."""
    template = template_by_id(g.workspace.id, template_id)
    return _page(template, TemplateUseForm(obj=use_of(template)))


@bp.post("/templates/<template_id>/programs")
@requires(Role.EDITOR)
def update(template_id: str) -> ResponseReturnValue:
    """Change what programs call it, and its subject."""
    template = template_by_id(g.workspace.id, template_id)
    form = TemplateUseForm()
    if form.validate():
        try:
            offer_template(template, alias=form.alias.data or "", subject=form.subject.data or "")
        except MailerError as error:
            form.take(error)
        else:
            db.session.commit()
            flash("Programs can send by it now.", "success")
            return redirect(url_for(".show", template_id=template_id))
    db.session.rollback()
    return _page(template_by_id(g.workspace.id, template_id), form), 422


def _page(template: Template, form: TemplateUseForm) -> str:
    use = use_of(template)
    return render_template(
        "transactional/template_use.html",
        template=template,
        form=form,
        use=use,
        base_url=settings().base_url,
        variables=variables_of(g.workspace, template, subject=use.subject),
    )
