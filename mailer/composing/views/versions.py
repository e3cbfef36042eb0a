"""Publishing templates; their versions, side by side and back."""

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask.wrappers import Response
from flask_login import current_user

from mailer.accounts.roles import Role
from mailer.composing.compare import compare as compare_versions
from mailer.composing.models import Template, TemplateVersion
from mailer.composing.preview import preview_of
from mailer.composing.publish_template import discard_changes, publish_template, roll_back
from mailer.composing.queries import brand_of, version_of
from mailer.composing.views.frame import bp, template_of
from mailer.db import db
from mailer.errors import Invalid, NotFound
from mailer.web.answers import refusal_told
from mailer.web.guards import requires
from mailer.web.headers import framed

#: How the draft is called in an address, among the versions' numbers.
DRAFT = "draft"


@bp.post("/templates/<template_id>/publish")
@requires(Role.EDITOR)
def publish(template_id: str) -> ResponseReturnValue:
    """Let campaigns take a template as it is now."""
    template = template_of(template_id)
    with refusal_told():
        version = publish_template(template, by=current_user.id, note=request.form.get("note", ""))
        db.session.commit()
        flash(f"Version {version.number} is published: new campaigns take it.", "success")
    return redirect(url_for(".edit", template_id=template_id))


@bp.post("/templates/<template_id>/discard")
@requires(Role.EDITOR)
def discard(template_id: str) -> ResponseReturnValue:
    """Begin a template's draft again from what is published."""
    with refusal_told():
        discard_changes(template_of(template_id))
        db.session.commit()
        flash("The draft is what was published last.", "success")
    return redirect(url_for(".edit", template_id=template_id))


@bp.get("/templates/<template_id>/versions")
def versions(template_id: str) -> ResponseReturnValue:
    """List a template's versions, newest first."""
    return render_template("composing/versions.html", template=template_of(template_id))


@bp.get("/templates/<template_id>/versions/<number>/preview")
def show_version(template_id: str, number: str) -> Response:
    """Show how a version looks, or the draft."""
    source = _state(template_of(template_id), number)
    try:
        html = preview_of(source, workspace=g.workspace, brand=brand_of(g.workspace)).html
    except Invalid as error:
        html = render_template("composing/problem.html", message=error.message)
    return framed(html)


@bp.get("/templates/<template_id>/compare")
def compare(template_id: str) -> ResponseReturnValue:
    """Show two versions side by side, and what is different."""
    template = template_of(template_id)
    newest = template.published
    before = request.args.get("before") or (str(newest.number) if newest else DRAFT)
    after = request.args.get("after") or DRAFT
    return render_template(
        "composing/compare.html",
        template=template,
        before=before,
        after=after,
        comparison=compare_versions(_state(template, before), _state(template, after)),
    )


@bp.post("/templates/<template_id>/versions/<int:number>/roll-back")
@requires(Role.EDITOR)
def go_back(template_id: str, number: int) -> ResponseReturnValue:
    """Publish a version again that was published before."""
    earlier = version_of(template_of(template_id), number)
    with refusal_told():
        version = roll_back(earlier, by=current_user.id)
        db.session.commit()
        flash(f"Version {number} is back, as version {version.number}.", "success")
    return redirect(url_for(".versions", template_id=template_id))


def _state(template: Template, number: str) -> Template | TemplateVersion:
    if number == DRAFT:
        return template
    if not number.isdecimal() or len(number) > 9:
        raise NotFound("There is no such version.")
    return version_of(template, int(number))
