"""What is asked of imports, and of the rows that they refused."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, func, select

from mailer.audience.models import Import, ImportRefusal, MailingList
from mailer.db import db, owned
from mailer.errors import NotFound
from mailer.lib.ids import parse_id


def import_by_id(workspace_id: UUID, public_id: str) -> Import:
    """Return one of the workspace's imports.

    :raises NotFound: there is none with this id
    """
    return owned(Import, workspace_id, public_id, otherwise="There is no such import.")


def import_anywhere(public_id: str) -> Import:
    """Return an import of whichever workspace, for whoever runs the server.

    :raises NotFound: there is none with this id
    """
    found = db.session.scalar(select(Import).where(Import.id == parse_id("imp", public_id)))
    if found is None:
        raise NotFound("There is no such import.")
    return found


def imports_of(workspace_id: UUID) -> Select[Import]:
    """Return the select of a workspace's imports, not yet ordered."""
    return select(Import).where(Import.workspace_id == workspace_id)


def lists_named_in(source: Import) -> Sequence[MailingList]:
    """Return the lists of an import that still exist."""
    ids = [list_id for value in source.list_ids if (list_id := parse_id("lst", value))]
    return db.session.scalars(
        select(MailingList).where(MailingList.workspace_id == source.workspace_id, MailingList.id.in_(ids))
    ).all()


def refusals_of(source: Import, *, limit: int) -> Sequence[ImportRefusal]:
    """Return the first refused rows of an import."""
    return db.session.scalars(
        select(ImportRefusal)
        .where(ImportRefusal.import_id == source.id)
        .order_by(ImportRefusal.row_number)
        .limit(limit)
    ).all()


def refusals_by_kind(source: Import) -> dict[str, int]:
    """Return how many rows of an import were refused, by the kind of reason."""
    rows = db.session.execute(
        select(ImportRefusal.kind, func.count())
        .where(ImportRefusal.import_id == source.id)
        .group_by(ImportRefusal.kind)
        .order_by(func.count().desc())
    )
    return {row.kind: row[1] for row in rows}
