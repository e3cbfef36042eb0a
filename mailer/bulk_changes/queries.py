"""What is asked of bulk changes."""

from uuid import UUID

from sqlalchemy import Select, select

from mailer.bulk_changes.models import BulkChange
from mailer.db import owned


def change_by_id(workspace_id: UUID, public_id: str) -> BulkChange:
    """Return one of the workspace's changes.

    :raises NotFound: there is none with this id
    """
    return owned(BulkChange, workspace_id, public_id, otherwise="There is no such change.")


def changes_of(workspace_id: UUID) -> Select[BulkChange]:
    """Return the select of a workspace's changes, not yet ordered."""
    return select(BulkChange).where(BulkChange.workspace_id == workspace_id)
