"""Pages about templates."""

from flask import flash, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask.wrappers import Response
from flask_login import current_user

from mailer.accounts.roles import Role
from mailer.audience.queries.fields_and_tags import fields_of
from mailer.composing import save_template as verbs
from mailer.composing.forms import TemplateForm
from mailer.composing.gallery import GALLERY, gallery_design
from mailer.composing.models import Template
from mailer.composing.preview import preview_of
from mailer.composing.queries import archived_templates, brand_of, current_templates, template_by_id
from mailer.composing.views.frame import bp, desk_for
from mailer.db import db
from mailer.errors import Invalid, MailerError
from mailer.lib.clock import utcnow
from mailer.rendering.blocks.read import written
from mailer.web.answers import flash_with_undo, not_saved, show_on, wants_json
from mailer.web.filters import local_time
from mailer.web.guards import requires
from mailer.web.headers import framed


@bp.get("/templates")
def index() -> ResponseReturnValue:
    """Show the templates."""
    return render_template(
        "composing/index.html",
        templates=current_templates(g.workspace.id),
        archived=archived_templates(g.workspace.id),
    )


@bp.get("/templates/new")
@requires(Role.EDITOR)
def new() -> ResponseReturnValue:
    """Offer the gallery's designs to begin a template from."""
    return render_template("composing/new.html", gallery=GALLERY)


@bp.post("/templates")
@requires(Role.EDITOR)
def create() -> ResponseReturnValue:
    """Begin a template from a design of the gallery, from an empty one, or in HTML."""
    made = verbs.begin_template(g.workspace.id, request.form.get("start", ""), by=current_user.id)
    db.session.commit()
    return redirect(url_for(".edit", template_id=made.public_id))


@bp.get("/templates/gallery/<key>/preview")
def show_gallery_design(key: str) -> Response:
    """Show a design of the gallery in the workspace's brand."""
    template = Template(design=written(gallery_design(key)))
    return framed(preview_of(template, workspace=g.workspace, brand=brand_of(g.workspace)).html)


@bp.get("/templates/<template_id>/edit")
@requires(Role.EDITOR)
def edit(template_id: str) -> ResponseReturnValue:
    """Show a template's design, or its HTML and how that looks."""
    template = template_by_id(g.workspace.id, template_id)
    return _editor(template, TemplateForm.showing(template))


@bp.post("/templates/<template_id>")
@requires(Role.EDITOR)
def update(template_id: str) -> ResponseReturnValue:
    """Change a template's draft; the page does so by itself and takes JSON for an answer."""
    template = template_by_id(g.workspace.id, template_id)
    form = TemplateForm()
    try:
        if not form.validate():
            raise Invalid("Not everything could be saved.", fields={k: v[0] for k, v in form.errors.items()})
        verbs.update_template(
            template,
            name=form.name.data or "",
            html=form.html.data or "",
            design=form.design.data or None,
            revision=form.revision.data,
        )
        db.session.commit()
    except MailerError as error:
        db.session.rollback()
        if wants_json():
            # A name that is taken is no other window's doing.
            return not_saved(error, revision=None if error.fields else template.revision)
        show_on(form, error)
        return _editor(template, form), 422
    if wants_json():
        saved_at = local_time(template.updated_at, "HH:mm")
        return jsonify(revision=template.revision, message=f"Saved {saved_at}", problems={})
    flash("Template saved. Publish it, and campaigns take it.", "success")
    return redirect(url_for(".edit", template_id=template_id))


@bp.post("/templates/<template_id>/duplicate")
@requires(Role.EDITOR)
def duplicate(template_id: str) -> ResponseReturnValue:
    """Begin a template from this one."""
    made = verbs.duplicate_template(template_by_id(g.workspace.id, template_id))
    db.session.commit()
    return redirect(url_for(".edit", template_id=made.public_id))


@bp.post("/templates/<template_id>/archive")
@requires(Role.EDITOR)
def archive(template_id: str) -> ResponseReturnValue:
    """Put a template out of the way."""
    template = template_by_id(g.workspace.id, template_id)
    verbs.archive_template(template, now=utcnow())
    db.session.commit()
    undo = url_for(".restore", template_id=template_id)
    flash_with_undo(f"“{template.name}” archived.", undo)
    return redirect(url_for(".index"))


@bp.post("/templates/<template_id>/restore")
@requires(Role.EDITOR)
def restore(template_id: str) -> ResponseReturnValue:
    """Offer an archived template again."""
    verbs.restore_template(template_by_id(g.workspace.id, template_id))
    db.session.commit()
    return redirect(url_for(".index"))


@bp.get("/templates/<template_id>/preview")
def show_preview(template_id: str) -> Response:
    """Show a template with sample words in it."""
    template = template_by_id(g.workspace.id, template_id)
    try:
        html = preview_of(template, workspace=g.workspace, brand=brand_of(g.workspace)).html
    except Invalid as error:
        html = render_template("composing/problem.html", message=error.message)
    return framed(html)


def _editor(template: Template, form: TemplateForm) -> str:
    document = template.document
    return render_template(
        "composing/edit.html",
        template=template,
        form=form,
        fields=fields_of(g.workspace.id),
        desk=desk_for(document) if document is not None else None,
    )
