"""What the pages about templates share."""

from flask import g

from mailer.composing.models import Template
from mailer.composing.queries import template_by_id
from mailer.web.guards import workspace_blueprint

bp = workspace_blueprint("templates", "mailer.composing.views")


def template_of(template_id: str) -> Template:
    """Return a template of this workspace, or answer 404."""
    return template_by_id(g.workspace.id, template_id)
