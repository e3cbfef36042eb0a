"""What the pages about templates share."""

from flask import g, url_for
from flask_wtf.csrf import generate_csrf

from mailer.audience.queries.fields_and_tags import fields_of
from mailer.composing.desk import Desk, desk
from mailer.composing.models import Template
from mailer.composing.queries import brand_of, template_by_id
from mailer.rendering.blocks.document import Document
from mailer.web.guards import workspace_blueprint

bp = workspace_blueprint("templates", "mailer.composing.views")


def template_of(template_id: str) -> Template:
    """Return a template of this workspace, or answer 404."""
    return template_by_id(g.workspace.id, template_id)


def desk_for(document: Document) -> Desk:
    """Return what the composer's page is made of, in this workspace."""
    return desk(
        document,
        brand_of(g.workspace),
        fields_of(g.workspace.id),
        canvas_url=url_for("templates.canvas"),
        saved_url=url_for("templates.show_saved_blocks"),
        csrf_token=generate_csrf(),
    )
