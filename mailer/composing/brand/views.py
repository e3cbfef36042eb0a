"""The page of the brand kit."""

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask.wrappers import Response

from mailer.accounts.roles import Role
from mailer.composing.brand.forms import COLORS, BrandForm
from mailer.composing.brand.save_brand import save_brand
from mailer.composing.gallery import GALLERY, gallery_design
from mailer.composing.models import Format, Template
from mailer.composing.preview import preview_of
from mailer.composing.queries import brand_of
from mailer.db import db
from mailer.errors import Invalid
from mailer.rendering.blocks.read import written
from mailer.web.guards import requires, workspace_blueprint
from mailer.web.headers import framed

bp = workspace_blueprint("brand", __name__)


@bp.get("/settings/brand")
def show() -> ResponseReturnValue:
    """Show how mails look."""
    return _page(BrandForm.showing(g.workspace))


@bp.post("/settings/brand")
@requires(Role.EDITOR)
def update() -> ResponseReturnValue:
    """Change how mails look."""
    form = BrandForm()
    try:
        if not form.validate():
            return _page(form), 422
        save_brand(g.workspace, form.look())
        db.session.commit()
    except Invalid as error:
        db.session.rollback()
        for name, sentence in error.fields.items():
            form[name].errors = [sentence]
        return _page(form), 422
    flash("Saved. Templates and drafts look like this from now on.", "success")
    return redirect(url_for(".show"))


@bp.get("/settings/brand/preview")
def preview() -> Response:
    """Show the first design of the gallery in the workspace's colours."""
    document = written(gallery_design(GALLERY[0].key))
    template = Template(format=Format.DESIGN, design=document)
    return framed(preview_of(template, workspace=g.workspace, brand=brand_of(g.workspace)).html)


def _page(form: BrandForm) -> str:
    return render_template(
        "composing/brand/show.html",
        form=form,
        colors=COLORS,
        weak_pairs=brand_of(g.workspace).weak_pairs(),
    )
