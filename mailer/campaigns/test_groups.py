"""Named addresses for tests: colleagues, and seed lists that show where a mail lands."""

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import select

from mailer.campaigns.models import TestGroup
from mailer.db import db, owned
from mailer.errors import Conflict, Invalid
from mailer.lib.addresses import clean_address
from mailer.lib.lines import clean_line

MOST_ADDRESSES: Final = 50
_MOST_GROUPS: Final = 20


def groups_of(workspace_id: UUID) -> Sequence[TestGroup]:
    """Return the workspace's groups by name."""
    return db.session.scalars(
        select(TestGroup).where(TestGroup.workspace_id == workspace_id).order_by(TestGroup.name)
    ).all()


def group_by_id(workspace_id: UUID, public_id: str) -> TestGroup:
    """Return one of the workspace's groups.

    :raises NotFound: there is none with this id
    """
    return owned(TestGroup, workspace_id, public_id, otherwise="There is no such group of test addresses.")


def save_group(
    workspace_id: UUID, name: str, addresses: Iterable[str], *, group: TestGroup | None = None
) -> TestGroup:
    """Make a group, or change one.

    :raises Invalid: an address cannot be used, or there are too many
    :raises Conflict: the name is taken
    """
    name = clean_line(name, label="The name", longest=80, is_required=True)
    others = [each for each in groups_of(workspace_id) if group is None or each.id != group.id]
    if any(each.name.casefold() == name.casefold() for each in others):
        raise Conflict(f"Another group is called “{name}”.", fields={"name": "This name is taken."})
    if group is None and len(others) >= _MOST_GROUPS:
        raise Invalid(f"A workspace has {_MOST_GROUPS} groups of test addresses at most.")
    cleaned = list(dict.fromkeys(clean_address(each) for each in addresses if each.strip()))
    if not cleaned or len(cleaned) > MOST_ADDRESSES:
        sentence = f"Write one to {MOST_ADDRESSES} addresses, one on each line."
        raise Invalid(sentence, fields={"addresses": sentence})
    group = group or TestGroup(workspace_id=workspace_id)
    group.name, group.addresses = name, cleaned
    db.session.add(group)
    db.session.flush()
    return group


def delete_group(group: TestGroup) -> None:
    """Delete a group."""
    db.session.delete(group)
    db.session.flush()
