"""Tags: labels on subscribers, made by being used."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import delete, func, insert, literal, select

from mailer import signals
from mailer.audience.models import Subscriber, Tag, subscriber_tags
from mailer.audience.queries.subscribers import owned_ids
from mailer.columns import Id
from mailer.db import db, insert_missing, owned
from mailer.errors import Invalid
from mailer.lib.ids import uuid7
from mailer.lib.lines import clean_line
from mailer.patience import patiently

_MOST_TAGS = 50


def tags_named(workspace_id: UUID, names: Iterable[str]) -> list[Tag]:
    """Return the workspace's tags with these names, made where they are missing.

    One tag in two cases is one tag: it keeps the case that it was made with.

    :raises Invalid: a name cannot be a tag
    """
    wanted: dict[str, str] = {}
    for name in names:
        cleaned = clean_line(name, label="A tag", longest=60)
        if "," in cleaned:
            raise Invalid("A tag has no comma, which stands between tags.")
        if cleaned:
            wanted.setdefault(cleaned.casefold(), cleaned)
    if len(wanted) > _MOST_TAGS:
        raise Invalid(f"That is {len(wanted)} tags; {_MOST_TAGS} at once at most.")
    if not wanted:
        return []
    known = _tags_by_key(workspace_id)
    missing = [name for key, name in wanted.items() if key not in known]
    if missing:
        insert_missing(Tag, [{"id": uuid7(), "workspace_id": workspace_id, "name": name} for name in missing])
        known = _tags_by_key(workspace_id)
    return [known[key] for key in wanted]


def add_tags(subscriber: Subscriber, names: Iterable[str]) -> None:
    """Put tags on a subscriber, beside those that are there."""
    present = {tag.id for tag in subscriber.tags}
    for tag in tags_named(subscriber.workspace_id, names):
        if tag.id not in present:
            subscriber.tags.append(tag)
    db.session.flush()


def set_tags(subscriber: Subscriber, names: Iterable[str]) -> None:
    """Give a subscriber exactly these tags."""
    subscriber.tags = tags_named(subscriber.workspace_id, names)
    db.session.flush()


def tag_subscribers(workspace_id: UUID, subscriber_ids: Sequence[UUID], names: Iterable[str]) -> None:
    """Put tags on many subscribers at once; ids of other workspaces are ignored."""
    tags = tags_named(workspace_id, names)
    owned = owned_ids(workspace_id, subscriber_ids)
    insert_missing(
        subscriber_tags,
        [{"subscriber_id": subscriber_id, "tag_id": tag.id} for subscriber_id in owned for tag in tags],
    )


def untag_subscribers(workspace_id: UUID, subscriber_ids: Sequence[UUID], tag: Tag) -> None:
    """Take a tag off many subscribers at once."""
    db.session.execute(
        delete(subscriber_tags).where(
            subscriber_tags.c.tag_id == tag.id,
            subscriber_tags.c.subscriber_id.in_(owned_ids(workspace_id, subscriber_ids)),
        )
    )


@patiently()
def rename_tag(tag: Tag, name: str) -> None:
    """Give a tag another name; a name that is taken joins the two, with all that points to one of them.

    :raises Invalid: the name cannot be a tag
    """
    name = clean_line(name, label="The tag", longest=60, is_required=True)
    if "," in name:
        raise Invalid("A tag has no comma, which stands between tags.")
    other = _tags_by_key(tag.workspace_id).get(name.casefold())
    if other is None or other.id == tag.id:
        tag.name = name
        return
    already = select(subscriber_tags.c.subscriber_id).where(subscriber_tags.c.tag_id == other.id)
    db.session.execute(
        insert(subscriber_tags).from_select(
            ["subscriber_id", "tag_id"],
            select(subscriber_tags.c.subscriber_id, literal(other.id, Id)).where(
                subscriber_tags.c.tag_id == tag.id, subscriber_tags.c.subscriber_id.not_in(already)
            ),
        )
    )
    signals.tags_joined.send(other, gone=tag)
    delete_tag(tag)


@patiently()
def delete_tag(tag: Tag) -> None:
    """Delete a tag, and so take it off everyone."""
    db.session.delete(tag)
    db.session.flush()


def tag_by_id(workspace_id: UUID, public_id: str) -> Tag:
    """Return one of the workspace's tags.

    :raises NotFound: there is none with this id
    """
    return owned(Tag, workspace_id, public_id, otherwise="There is no such tag.")


def tag_called(workspace_id: UUID, name: str) -> Tag:
    """Return the tag with a name, in whatever case it is written.

    :raises Invalid: there is none
    """
    found = _tags_by_key(workspace_id).get(name.strip().casefold())
    if found is None:
        sentence = f"There is no tag “{name[:60]}”."
        raise Invalid(sentence, fields={"tag": sentence})
    return found


def uses_of(tags: Sequence[Tag]) -> dict[UUID, int]:
    """Return how many subscribers have each tag."""
    rows = db.session.execute(
        select(subscriber_tags.c.tag_id, func.count().label("uses"))
        .where(subscriber_tags.c.tag_id.in_([tag.id for tag in tags]))
        .group_by(subscriber_tags.c.tag_id)
    )
    counted = {row.tag_id: row.uses for row in rows}
    return {tag.id: counted.get(tag.id, 0) for tag in tags}


def _tags_by_key(workspace_id: UUID) -> dict[str, Tag]:
    tags = db.session.scalars(select(Tag).where(Tag.workspace_id == workspace_id).order_by(Tag.id.desc()))
    return {tag.name.casefold(): tag for tag in tags}
