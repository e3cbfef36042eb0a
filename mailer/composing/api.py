"""Templates for programs: drafted, published, compared with what was, rendered for a sample reader."""

from typing import Any, Literal

from flask import g
from pydantic import AwareDatetime, Field

from mailer.api.guards import api_blueprint
from mailer.api.idempotency import idempotent
from mailer.api.pages import PageQuery, page
from mailer.api.schemas import Given, Line, Lines, Shown, changes_of, given, list_of
from mailer.composing import queries, save_template
from mailer.composing.models import Format, Template, TemplateVersion
from mailer.composing.preview import preview_of
from mailer.composing.publish_template import discard_changes, publish_template, roll_back
from mailer.db import db
from mailer.lib.clock import utcnow
from mailer.rendering.blocks.read import read

bp = api_blueprint("templates_api", __name__, tag="Templates")


class TemplateShown(Shown):
    """A template: its draft, which campaigns see once it is published."""

    object: Literal["template"] = "template"
    id: str
    name: str
    format: Format
    html: str = Field(description="Of one in HTML: with a {{ content }} slot for a campaign’s words.")
    design: dict[str, Any] | None = Field(description="Of one in blocks: the document.")
    version: int = Field(description="The number of the version published last; 0 before the first.")
    changed: bool = Field(description="Whether the draft says something else than that version.")
    use_count: int = Field(description="How many campaigns were sent with it.")
    used_at: AwareDatetime | None
    created_at: AwareDatetime
    updated_at: AwareDatetime
    archived_at: AwareDatetime | None


class VersionShown(Shown):
    """A template as it was published once; it never changes."""

    object: Literal["template_version"] = "template_version"
    id: str
    number: int
    note: str
    html: str
    design: dict[str, Any] | None
    created_at: AwareDatetime


class RenderedShown(Shown):
    """A template as a sample reader would get it."""

    object: Literal["rendered_template"] = "rendered_template"
    html: str
    text: str


class TemplateQuery(PageQuery):
    """Which templates are asked for."""

    archived: bool = Field(False, description="Those out of the way, rather than those in use.")


class TemplateDraft(Given):
    """A template’s draft."""

    name: Line = Field(min_length=1, max_length=120, examples=["Newsletter"])
    html: Lines = Field(
        "",
        description="With a {{ content }} slot.",
        examples=["<html><body>{{ content }}</body></html>"],
    )
    design: dict[str, Any] | None = Field(None, description="A document of blocks, in the place of HTML.")


class NewTemplate(TemplateDraft):
    """A template to be made."""

    publish: bool = Field(True, description="Whether campaigns can be made from it at once.")


class Publishing(Given):
    """What is new in a version."""

    note: Line = Field("", max_length=200, examples=["A wider logo"])


TemplateChanges = changes_of(TemplateDraft, "TemplateChanges")
TemplatePage = list_of(TemplateShown, "TemplatePage")
VersionPage = list_of(VersionShown, "VersionPage")


@bp.get("/templates")
@bp.input(TemplateQuery, location="query")
@bp.output(TemplatePage)
def index_templates(query_data: TemplateQuery) -> dict[str, Any]:
    """Read the templates, newest first."""
    found = queries.templates_of(g.workspace.id, is_archived=query_data.archived)
    return page(found, Template, query_data, lambda rows: [_shown(row) for row in rows])


@bp.post("/templates", endpoint="create_template")
@idempotent
@bp.input(NewTemplate)
@bp.output(TemplateShown, status_code=201)
def post_template(json_data: NewTemplate) -> TemplateShown:
    """Make a template, of HTML or of blocks."""
    made = save_template.create_template(
        g.workspace.id,
        name=json_data.name,
        html=json_data.html,
        document=None if json_data.design is None else read(json_data.design),
        by=g.api_key.created_by_id,
        is_published=json_data.publish,
    )
    return _shown(made)


@bp.get("/templates/<template_id>")
@bp.output(TemplateShown)
def show_template(template_id: str) -> TemplateShown:
    """Read one template."""
    return _shown(_template(template_id))


@bp.patch("/templates/<template_id>", endpoint="update_template")
@bp.input(TemplateChanges)
@bp.output(TemplateShown)
def patch_template(template_id: str, json_data: Given) -> TemplateShown:
    """Change a template’s draft; campaigns see it once it is published."""
    template, changes = _template(template_id), given(json_data)
    save_template.update_template(
        template,
        name=changes.get("name", template.name),
        html=changes.get("html"),
        design=changes.get("design"),
    )
    db.session.commit()
    return _shown(template)


@bp.post("/templates/<template_id>/publish", endpoint="publish_template")
@idempotent
@bp.input(Publishing)
@bp.output(TemplateShown)
def publish(template_id: str, json_data: Publishing) -> TemplateShown:
    """Let campaigns take a template’s draft as it is."""
    template = _template(template_id)
    publish_template(template, by=g.api_key.created_by_id, note=json_data.note)
    return _shown(template)


@bp.post("/templates/<template_id>/discard", endpoint="discard_template_draft")
@idempotent
@bp.output(TemplateShown)
def discard(template_id: str) -> TemplateShown:
    """Begin a template’s draft again from what is published."""
    template = _template(template_id)
    discard_changes(template)
    return _shown(template)


@bp.post("/templates/<template_id>/duplicate", endpoint="duplicate_template")
@idempotent
@bp.output(TemplateShown, status_code=201)
def duplicate(template_id: str) -> TemplateShown:
    """Make a template that begins as a copy of another’s draft."""
    return _shown(save_template.duplicate_template(_template(template_id), by=g.api_key.created_by_id))


@bp.post("/templates/<template_id>/archive", endpoint="archive_template")
@idempotent
@bp.output(TemplateShown)
def archive(template_id: str) -> TemplateShown:
    """Put a template out of the way."""
    template = _template(template_id)
    save_template.archive_template(template, now=utcnow())
    return _shown(template)


@bp.post("/templates/<template_id>/restore", endpoint="restore_template")
@idempotent
@bp.output(TemplateShown)
def restore(template_id: str) -> TemplateShown:
    """Offer an archived template again."""
    template = _template(template_id)
    save_template.restore_template(template)
    return _shown(template)


@bp.get("/templates/<template_id>/render", endpoint="render_template")
@bp.output(RenderedShown)
def render(template_id: str) -> RenderedShown:
    """Read a template’s draft as a sample reader would get it."""
    brand = queries.brand_of(g.workspace)
    rendered = preview_of(_template(template_id), workspace=g.workspace, brand=brand)
    return RenderedShown(html=rendered.html, text=rendered.text)


@bp.get("/templates/<template_id>/versions", endpoint="index_template_versions")
@bp.input(PageQuery, location="query")
@bp.output(VersionPage)
def index_versions(template_id: str, query_data: PageQuery) -> dict[str, Any]:
    """Read what a template was, newest first."""
    found = queries.versions_of(_template(template_id))
    return page(found, TemplateVersion, query_data, VersionShown.each_of)


@bp.get("/templates/<template_id>/versions/<int:number>", endpoint="show_template_version")
@bp.output(VersionShown)
def show_version(template_id: str, number: int) -> VersionShown:
    """Read one version."""
    return VersionShown.of(queries.version_of(_template(template_id), number))


@bp.post("/templates/<template_id>/versions/<int:number>/roll-back", endpoint="roll_back_template")
@idempotent
@bp.output(TemplateShown)
def go_back(template_id: str, number: int) -> TemplateShown:
    """Publish a version again that was published before, as the newest."""
    template = _template(template_id)
    roll_back(queries.version_of(template, number), by=g.api_key.created_by_id)
    return _shown(template)


def _template(template_id: str) -> Template:
    return queries.template_by_id(g.workspace.id, template_id)


def _shown(template: Template) -> TemplateShown:
    return TemplateShown.of(template, changed=template.is_changed)
