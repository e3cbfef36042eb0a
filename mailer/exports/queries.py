"""What is asked of exports."""

from uuid import UUID

from sqlalchemy import Select, select

from mailer.db import owned
from mailer.exports.models import Export


def export_by_id(workspace_id: UUID, public_id: str) -> Export:
    """Return one of the workspace's exports.

    :raises NotFound: there is none with this id
    """
    return owned(Export, workspace_id, public_id, otherwise="There is no such export.")


def exports_of(workspace_id: UUID) -> Select[Export]:
    """Return the select of a workspace's exports, not yet ordered."""
    return select(Export).where(Export.workspace_id == workspace_id)
