"""Segments that call a tag by name whose place another tag took."""

from typing import Any

from sqlalchemy import exists, select, update
from sqlalchemy.orm import aliased

from mailer import signals
from mailer.audience.models import Tag
from mailer.db import db
from mailer.segments.conditions import Group, HasTag
from mailer.segments.models import EnterTag, Segment


@signals.tags_joined.connect
def follow_tag(tag: Tag, *, gone: Tag, **_: Any) -> None:
    """Ask for, and give, the tag that took the place of another."""
    for segment in db.session.scalars(select(Segment).where(Segment.workspace_id == tag.workspace_id)):
        tree = _renamed(segment.tree, {gone.public_id: tag.public_id})
        if tree != segment.tree:
            segment.conditions = tree.model_dump(mode="json")
    own = aliased(EnterTag)
    has_own = exists().where(own.segment_id == EnterTag.segment_id, own.tag_id == tag.id)
    db.session.execute(
        update(EnterTag)
        .where(EnterTag.tag_id == gone.id, ~has_own)
        .values(tag_id=tag.id)
        .execution_options(synchronize_session=False)
    )


def _renamed(group: Group, names: dict[str, str]) -> Group:
    conditions = tuple(
        _renamed(each, names)
        if isinstance(each, Group)
        else each.model_copy(update={"tag": names.get(each.tag, each.tag)})
        if isinstance(each, HasTag)
        else each
        for each in group.conditions
    )
    return group.model_copy(update={"conditions": conditions})
