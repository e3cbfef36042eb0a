"""From a tree of conditions to one expression on ``Subscriber``; every value is bound."""

from sqlalchemy import and_, not_, or_, true

from mailer.db import db
from mailer.errors import Invalid
from mailer.segments.asked import Asked, Clause
from mailer.segments.conditions import MOST_INSIDE, Condition, Group, InSegment, Match
from mailer.segments.kinds.table import KINDS
from mailer.segments.membership import was_in
from mailer.segments.models import Segment


def clause_of(condition: Condition, asked: Asked) -> Clause:
    """Return a condition as an expression on ``Subscriber``.

    :raises Invalid: a value does not fit, or something that it names is gone
    """
    if isinstance(condition, Group):
        return _group(condition, asked)
    if isinstance(condition, InSegment):
        return _segment(condition, asked)
    return KINDS[type(condition)].clause(condition, asked)


def _group(group: Group, asked: Asked) -> Clause:
    clauses = [clause_of(condition, asked) for condition in group.conditions]
    if group.match is Match.ANY:
        return or_(*clauses) if clauses else true()
    if group.match is Match.NONE:
        return not_(or_(*clauses)) if clauses else true()
    return and_(true(), *clauses)


def _segment(condition: InSegment, asked: Asked) -> Clause:
    segment_id = asked.owned_id(Segment, condition.segment)
    segment = db.session.get_one(Segment, segment_id)
    if condition.on_day is not None:
        clause = was_in(segment, condition.on_day)
        return clause if condition.is_in else not_(clause)
    if segment_id in asked.inside:
        raise Invalid("A segment cannot hold itself, not even by way of another.")
    if len(asked.inside) >= MOST_INSIDE:
        raise Invalid("Segments stand in segments five deep at most.")
    clause = clause_of(segment.tree, asked.within(segment_id))
    return clause if condition.is_in else not_(clause)
