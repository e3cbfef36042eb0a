"""What is asked of templates. The workspace comes first, so that none is forgotten."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from mailer.composing.models import Template
from mailer.db import db
from mailer.errors import NotFound
from mailer.lib.ids import parse_id


def template_by_id(workspace_id: UUID, public_id: str) -> Template:
    """Return one of the workspace's templates.

    :raises NotFound: there is none with this id
    """
    found = db.session.scalar(
        select(Template).where(
            Template.workspace_id == workspace_id, Template.id == parse_id(Template.prefix, public_id)
        )
    )
    if found is None:
        raise NotFound("There is no such template.")
    return found


def current_templates(workspace_id: UUID) -> Sequence[Template]:
    """Return the templates that are not archived, oldest first: the starting designs lead."""
    return db.session.scalars(
        select(Template)
        .where(Template.workspace_id == workspace_id, Template.archived_at.is_(None))
        .order_by(Template.id)
    ).all()


def archived_templates(workspace_id: UUID) -> Sequence[Template]:
    """Return the archived templates, oldest first."""
    return db.session.scalars(
        select(Template)
        .where(Template.workspace_id == workspace_id, Template.archived_at.is_not(None))
        .order_by(Template.id)
    ).all()


def is_name_taken(workspace_id: UUID, name: str, *, besides: UUID | None = None) -> bool:
    """Whether another template of the workspace has a name."""
    query = select(Template.id).where(Template.workspace_id == workspace_id, Template.name == name)
    if besides is not None:
        query = query.where(Template.id != besides)
    return db.session.scalar(query) is not None
