"""Making and changing templates: their drafts, which no campaign sees before they are published."""

from collections.abc import Mapping
from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID

from mailer.composing.begin_design import begin_design
from mailer.composing.gallery import GALLERY, gallery_design
from mailer.composing.models import Format, Template
from mailer.composing.publish_template import publish_template
from mailer.composing.queries import is_name_taken
from mailer.db import db
from mailer.errors import Conflict, Invalid, NotFound
from mailer.rendering.blocks.document import Document
from mailer.rendering.blocks.read import read, written
from mailer.rendering.freeze import PLAIN_LAYOUT, check_layout


def create_template(
    workspace_id: UUID,
    *,
    name: str,
    html: str = "",
    document: Document | None = None,
    by: UUID | None = None,
    is_published: bool = True,
) -> Template:
    """Make a template, of a document or of HTML.

    :param by: the user who makes it
    :param is_published: whether campaigns can be made from it at once
    :raises Invalid: it has no name, or cannot hold a campaign's words
    :raises Conflict: the name is taken
    """
    template = Template(workspace_id=workspace_id, name=_checked_name(workspace_id, name))
    if document is not None:
        template.format, template.design = Format.DESIGN, written(document)
    else:
        template.html = _checked_html(html)
    db.session.add(template)
    db.session.flush()
    if is_published:
        publish_template(template, by=by)
    return template


def update_template(
    template: Template,
    *,
    name: str,
    html: str | None = None,
    design: Mapping[str, Any] | str | None = None,
    revision: int | None = None,
) -> None:
    """Change a template's draft.

    :param html: for one of HTML
    :param design: for one that is a document, its JSON
    :param revision: the one that its author began from; none to write whatever happened since
    :raises Invalid: it has no name, or cannot hold a campaign's words
    :raises Conflict: the name is taken, or it was saved elsewhere meanwhile
    """
    db.session.flush()
    db.session.refresh(template, with_for_update=True)
    if revision is not None and revision != template.revision:
        raise Conflict(
            "This template was changed in another window. Reload to see it; copy your words first."
        )
    template.name = _checked_name(template.workspace_id, name, besides=template.id)
    if template.format is Format.DESIGN and design is not None:
        template.design = written(read(design))
    elif template.format is not Format.DESIGN and html is not None:
        template.html = _checked_html(html)
    template.revision += 1
    db.session.flush()


def duplicate_template(template: Template, *, by: UUID | None = None) -> Template:
    """Return a new template that begins as a copy of another's draft."""
    names = (f"{template.name[:100]} (copy{f' {number}' if number > 1 else ''})" for number in count(1))
    name = next(name for name in names if not is_name_taken(Template, template.workspace_id, name))
    return create_template(
        template.workspace_id, name=name, html=template.html, document=template.document, by=by
    )


def begin_template(workspace_id: UUID, start: str, *, by: UUID | None = None) -> Template:
    """Return a new template that campaigns do not see yet.

    :param start: a key of the gallery, ``empty``, or ``html``
    :raises NotFound: the gallery has no such design
    """
    wanted = {"empty": "Untitled", "html": "Untitled"} | {entry.key: entry.name for entry in GALLERY}
    if start not in wanted:
        raise NotFound("There is no such design in the gallery.")
    names = (f"{wanted[start]}{f' {number}' if number > 1 else ''}" for number in count(1))
    name = next(name for name in names if not is_name_taken(Template, workspace_id, name))
    if start == "html":
        return create_template(workspace_id, name=name, html=PLAIN_LAYOUT, by=by, is_published=False)
    document = begin_design(None) if start == "empty" else gallery_design(start)
    return create_template(workspace_id, name=name, document=document, by=by, is_published=False)


def archive_template(template: Template, *, now: datetime) -> None:
    """Put a template out of the way; ``restore_template`` takes it back."""
    template.archived_at = now
    db.session.flush()


def restore_template(template: Template) -> None:
    """Offer an archived template again."""
    template.archived_at = None
    db.session.flush()


def _checked_html(html: str) -> str:
    html = html.replace("\r\n", "\n")
    try:
        check_layout(html)
    except Invalid as error:
        raise Invalid(error.message, fields={"html": error.message}) from None
    return html


def _checked_name(workspace_id: UUID, name: str, *, besides: UUID | None = None) -> str:
    name = " ".join(name.split())
    if not name or len(name) > 120:
        sentence = "Give it a name of 120 characters or fewer."
        raise Invalid(sentence, fields={"name": sentence})
    if is_name_taken(Template, workspace_id, name, besides=besides):
        sentence = f"Another template is called “{name}”."
        raise Conflict(sentence, fields={"name": sentence})
    return name
