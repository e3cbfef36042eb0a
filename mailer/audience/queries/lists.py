"""What is asked of lists, and the counts that are kept of each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, func, or_, select

from mailer.audience.models import ListDay, MailingList, SubscriptionStatus, Visibility
from mailer.db import db, owned
from mailer.errors import Invalid, NotFound
from mailer.lib.ids import parse_id


@dataclass(frozen=True)
class ListCounts:
    """How many subscriptions of a list are in each status."""

    active: int = 0
    pending: int = 0
    unsubscribed: int = 0

    def of(self, status: SubscriptionStatus | None) -> int:
        """Return how many have a status, or any."""
        return getattr(self, status.value) if status else self.active + self.pending + self.unsubscribed


def list_by_id(workspace_id: UUID, public_id: str) -> MailingList:
    """Return one of the workspace's lists.

    :raises NotFound: there is none with this id
    """
    return owned(MailingList, workspace_id, public_id, otherwise="There is no such list.")


def list_called(workspace_id: UUID, text: str) -> MailingList:
    """Return the list with an id or a name, as people give it on the command line.

    :raises NotFound: there is none
    """
    found = db.session.scalar(
        select(MailingList).where(
            MailingList.workspace_id == workspace_id,
            or_(MailingList.id == parse_id("lst", text), MailingList.name == text),
        )
    )
    if found is None:
        names = ", ".join(f"“{row.name}”" for row in current_lists(workspace_id)[:20])
        raise NotFound(f"There is no list “{text}”; there are: {names or 'none yet'}.")
    return found


def lists_by_ids(workspace_id: UUID, public_ids: Iterable[str]) -> list[MailingList]:
    """Return lists in the order of their ids as given.

    :raises Invalid: naming the ids that are not the workspace's
    """
    asked = list(dict.fromkeys(public_ids))
    if not asked:
        return []
    ids = [parse_id("lst", public_id) for public_id in asked]
    found = {
        row.public_id: row
        for row in db.session.scalars(
            select(MailingList).where(
                MailingList.workspace_id == workspace_id, MailingList.id.in_([i for i in ids if i])
            )
        )
    }
    missing = [public_id for public_id in asked if public_id not in found]
    if missing:
        sentence = f"There is no list {', '.join(missing)}."
        raise Invalid(sentence, fields={"lists": sentence})
    return [found[public_id] for public_id in asked]


def lists_of(workspace_id: UUID, *, is_archived: bool = False) -> Select[MailingList]:
    """Return the select of a workspace's lists in use, or of the retired ones, not yet ordered."""
    archived = MailingList.archived_at
    return select(MailingList).where(
        MailingList.workspace_id == workspace_id,
        archived.is_not(None) if is_archived else archived.is_(None),
    )


def current_lists(workspace_id: UUID) -> Sequence[MailingList]:
    """Return the lists that are not archived, by name."""
    return db.session.scalars(lists_of(workspace_id).order_by(func.lower(MailingList.name))).all()


def archived_lists(workspace_id: UUID) -> Sequence[MailingList]:
    """Return the archived lists, by name."""
    archived = lists_of(workspace_id, is_archived=True)
    return db.session.scalars(archived.order_by(func.lower(MailingList.name))).all()


def public_list(public_id: str) -> MailingList | None:
    """Return a list that anyone may sign up to, of whichever workspace."""
    return db.session.scalar(
        select(MailingList).where(
            MailingList.id == parse_id("lst", public_id),
            MailingList.visibility == Visibility.PUBLIC,
            MailingList.archived_at.is_(None),
        )
    )


def counts_of(lists: Iterable[MailingList]) -> dict[UUID, ListCounts]:
    """Return the counts of lists, by list; from the sums by day, never by counting subscriptions."""
    ids = [mailing_list.id for mailing_list in lists]
    rows = db.session.execute(
        select(
            ListDay.list_id,
            func.sum(ListDay.joined - ListDay.departed),
            func.sum(ListDay.pending),
            func.sum(ListDay.unsubscribed),
        )
        .where(ListDay.list_id.in_(ids))
        .group_by(ListDay.list_id)
    )
    counted = {list_id: ListCounts(int(a), int(p), int(u)) for list_id, a, p, u in rows}
    return {list_id: counted.get(list_id, ListCounts()) for list_id in ids}
