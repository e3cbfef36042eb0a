"""What is asked of custom fields and of tags."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, func, select

from mailer.audience.models import Field, Tag
from mailer.db import db


def all_fields(workspace_id: UUID) -> Select[Field]:
    """Return the select of a workspace's custom fields, not yet ordered."""
    return select(Field).where(Field.workspace_id == workspace_id)


def fields_of(workspace_id: UUID) -> Sequence[Field]:
    """Return the workspace's custom fields, by label."""
    return db.session.scalars(all_fields(workspace_id).order_by(func.lower(Field.label))).all()


def all_tags(workspace_id: UUID) -> Select[Tag]:
    """Return the select of a workspace's tags, not yet ordered."""
    return select(Tag).where(Tag.workspace_id == workspace_id)


def tags_of(workspace_id: UUID) -> Sequence[Tag]:
    """Return the workspace's tags, by name."""
    return db.session.scalars(all_tags(workspace_id).order_by(func.lower(Tag.name))).all()
