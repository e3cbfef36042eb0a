"""Making and changing templates; campaigns that were sent keep the design that they had."""

from datetime import datetime
from itertools import count
from uuid import UUID

from mailer.composing.models import Template
from mailer.composing.queries import is_name_taken
from mailer.db import db
from mailer.errors import Conflict, Invalid
from mailer.rendering.freeze import check_layout


def create_template(workspace_id: UUID, *, name: str, html: str) -> Template:
    """Make a template.

    :raises Invalid: it has no name, or cannot hold a campaign's words
    :raises Conflict: the name is taken
    """
    template = Template(workspace_id=workspace_id, name=_checked_name(workspace_id, name), html=html)
    check_layout(html)
    db.session.add(template)
    db.session.flush()
    return template


def update_template(template: Template, *, name: str, html: str) -> None:
    """Change a template; drafts that use it change with it.

    :raises Invalid: it has no name, or cannot hold a campaign's words
    :raises Conflict: the name is taken
    """
    template.name = _checked_name(template.workspace_id, name, besides=template.id)
    html = html.replace("\r\n", "\n")
    check_layout(html)
    template.html = html
    db.session.flush()


def duplicate_template(template: Template) -> Template:
    """Return a new template that begins as a copy of another."""
    names = (f"{template.name[:100]} (copy{f' {number}' if number > 1 else ''})" for number in count(1))
    name = next(name for name in names if not is_name_taken(template.workspace_id, name))
    return create_template(template.workspace_id, name=name, html=template.html)


def archive_template(template: Template, *, now: datetime) -> None:
    """Put a template out of the way; ``restore_template`` takes it back."""
    template.archived_at = now
    db.session.flush()


def restore_template(template: Template) -> None:
    """Offer an archived template again."""
    template.archived_at = None
    db.session.flush()


def _checked_name(workspace_id: UUID, name: str, *, besides: UUID | None = None) -> str:
    name = " ".join(name.split())
    if not name or len(name) > 120:
        sentence = "Give it a name of 120 characters or fewer."
        raise Invalid(sentence, fields={"name": sentence})
    if is_name_taken(workspace_id, name, besides=besides):
        sentence = f"Another template is called “{name}”."
        raise Conflict(sentence, fields={"name": sentence})
    return name
