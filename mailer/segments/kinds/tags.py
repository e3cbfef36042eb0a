"""A tag on somebody."""

from sqlalchemy import exists, not_

from mailer.audience.models import Subscriber, Tag, subscriber_tags
from mailer.segments.asked import Asked, Clause, Names
from mailer.segments.conditions import HasTag


def clause(condition: HasTag, asked: Asked) -> Clause:
    """Ask for a tag, or that it is not there."""
    is_tagged = exists().where(
        subscriber_tags.c.subscriber_id == Subscriber.id,
        subscriber_tags.c.tag_id == asked.owned_id(Tag, condition.tag),
    )
    return is_tagged if condition.has else not_(is_tagged)


def words(condition: HasTag, names: Names) -> str:
    """Say which tag."""
    tag = names.quoted(condition.tag, otherwise="a tag that is gone")
    return f"{'have' if condition.has else 'do not have'} the tag {tag}"
