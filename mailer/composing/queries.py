"""What is asked of templates, saved blocks and the brand. The workspace comes first: none is forgotten."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from mailer import signals
from mailer.accounts.models import Workspace
from mailer.composing.models import BrandKit, SavedBlock, Template, TemplateVersion
from mailer.db import db, owned
from mailer.errors import NotFound
from mailer.rendering.brand import Brand


def template_by_id(workspace_id: UUID, public_id: str) -> Template:
    """Return one of the workspace's templates.

    :raises NotFound: there is none with this id
    """
    return owned(Template, workspace_id, public_id, otherwise="There is no such template.")


def templates_of(workspace_id: UUID, *, is_archived: bool = False) -> Select[Template]:
    """Return the select of a workspace's templates in use, or of the archived ones, not yet ordered."""
    archived = Template.archived_at
    return select(Template).where(
        Template.workspace_id == workspace_id, archived.is_not(None) if is_archived else archived.is_(None)
    )


def versions_of(template: Template) -> Select[TemplateVersion]:
    """Return the select of what a template was, not yet ordered."""
    return select(TemplateVersion).where(TemplateVersion.template_id == template.id)


def current_templates(workspace_id: UUID) -> Sequence[Template]:
    """Return the templates that are not archived, oldest first: the starting designs lead."""
    select_ = templates_of(workspace_id).options(joinedload(Template.published)).order_by(Template.id)
    return db.session.scalars(select_).all()


def published_templates(workspace_id: UUID) -> Sequence[Template]:
    """Return the templates that campaigns can be made from, oldest first."""
    return [template for template in current_templates(workspace_id) if template.is_published]


def version_of(template: Template, number: int) -> TemplateVersion:
    """Return a version of a template.

    :raises NotFound: there is none of this number
    """
    found = db.session.scalar(
        select(TemplateVersion).where(
            TemplateVersion.template_id == template.id, TemplateVersion.number == number
        )
    )
    if found is None:
        raise NotFound("There is no such version.")
    return found


@signals.brand_wanted.connect
def brand_of(workspace: Workspace) -> Brand:
    """Return how a workspace's mails look, and its pages for subscribers."""
    kit = db.session.get(BrandKit, workspace.id)
    if kit is None:
        return Brand(accent=workspace.accent_color)
    return Brand(
        accent=workspace.accent_color,
        colors=dict(kit.colors),
        font=kit.font,
        heading_font=kit.heading_font,
        logo_src=kit.logo_src,
        logo_alt=kit.logo_alt,
        logo_href=kit.logo_href,
        logo_width=kit.logo_width,
    )


def archived_templates(workspace_id: UUID) -> Sequence[Template]:
    """Return the archived templates, oldest first."""
    return db.session.scalars(templates_of(workspace_id, is_archived=True).order_by(Template.id)).all()


def is_name_taken(
    kind: type[Template] | type[SavedBlock], workspace_id: UUID, name: str, *, besides: UUID | None = None
) -> bool:
    """Whether another template, or another saved block, of the workspace has a name."""
    query = select(kind.id).where(kind.workspace_id == workspace_id, kind.name == name)
    if besides is not None:
        query = query.where(kind.id != besides)
    return db.session.scalar(query.limit(1)) is not None


def saved_blocks(workspace_id: UUID) -> Sequence[SavedBlock]:
    """Return the blocks that the workspace keeps, by name."""
    return db.session.scalars(
        select(SavedBlock).where(SavedBlock.workspace_id == workspace_id).order_by(SavedBlock.name)
    ).all()


def saved_block_by_id(workspace_id: UUID, public_id: str) -> SavedBlock:
    """Return one of the workspace's saved blocks.

    :raises NotFound: there is none with this id
    """
    return owned(SavedBlock, workspace_id, public_id, otherwise="There is no such saved block.")
