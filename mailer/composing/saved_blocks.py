"""Keeping a block or a row for other campaigns."""

from typing import Any
from uuid import UUID

from mailer.composing.models import SavedBlock
from mailer.composing.queries import is_name_taken, saved_blocks
from mailer.db import db
from mailer.errors import Conflict, Invalid
from mailer.rendering.blocks.document import Document
from mailer.rendering.blocks.read import read, written

MOST: int = 200


def keep_block(workspace_id: UUID, *, name: str, content: Any) -> SavedBlock:
    """Keep a copy of a block or of a row with its columns.

    :param content: its JSON, as it stands in a design
    :raises Invalid: it has no name, or is neither a block nor a row
    :raises Conflict: the name is taken, or the workspace keeps very many already
    """
    name = " ".join(name.split())
    if not name or len(name) > 80:
        raise Invalid("Give it a name of 80 characters or fewer.")
    if is_name_taken(SavedBlock, workspace_id, name):
        raise Conflict(f"Another saved block is called “{name}”.")
    if len(saved_blocks(workspace_id)) >= MOST:
        raise Conflict(f"{MOST} blocks are saved already; forget some first.")
    kept = SavedBlock(workspace_id=workspace_id, name=name, content=_checked(content))
    db.session.add(kept)
    db.session.flush()
    return kept


def forget_block(kept: SavedBlock) -> None:
    """Keep it no longer; the campaigns that it is in have copies of their own."""
    db.session.delete(kept)
    db.session.flush()


def _checked(content: Any) -> dict[str, Any]:
    """Return a part as a design would hold it.

    :raises Invalid: a design would not hold it
    """
    if not isinstance(content, dict):
        raise Invalid("Only a block or a row can be saved.")
    is_row = "columns" in content
    row = content if is_row else {"columns": [{"blocks": [content]}]}
    document: Document = read({"rows": [row]})
    whole = written(document)["rows"][0]
    part: dict[str, Any] = whole if is_row else whole["columns"][0]["blocks"][0]
    return part
