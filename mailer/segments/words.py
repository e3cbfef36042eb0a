"""A tree of conditions in plain words, for people who did not build it."""

from mailer.segments.asked import Names
from mailer.segments.conditions import Condition, Group, InSegment, Match
from mailer.segments.kinds.table import KINDS


def people_told(tree: Group, names: Names) -> str:
    """Return a tree as a sentence: “People who are on the list “Bread” and whose city is “Porto”.”"""
    return f"People {_relative(told(tree, names))}."


def told(condition: Condition, names: Names) -> str:
    """Return a condition as words that go on after “people who”."""
    if isinstance(condition, Group):
        return _group(condition, names)
    if isinstance(condition, InSegment):
        return _segment(condition, names)
    return KINDS[type(condition)].words(condition, names)


def _group(group: Group, names: Names) -> str:
    if not group.conditions:
        return "are in the audience"
    parts = [_part(each, names) for each in group.conditions]
    if group.match is Match.NONE:
        return "do none of these: " + "; ".join(parts)
    first, *others = parts
    between = " and " if group.match is Match.ALL else " or "
    return between.join([first, *map(_relative, others)])


def _relative(words: str) -> str:
    return words if words.startswith("whose ") else f"who {words}"


def _part(condition: Condition, names: Names) -> str:
    words = told(condition, names)
    is_several = isinstance(condition, Group) and len(condition.conditions) > 1
    return f"meet these: ({_relative(words)})" if is_several else words


def _segment(condition: InSegment, names: Names) -> str:
    name = names.quoted(condition.segment, otherwise="a segment that is gone")
    if condition.on_day is not None:
        return f"{'were' if condition.is_in else 'were not'} in the segment {name} on {condition.on_day}"
    return f"are {'in' if condition.is_in else 'not in'} the segment {name}"
