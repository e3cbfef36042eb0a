"""What somebody did elsewhere, told by the workspace's programs."""

from typing import Any

from sqlalchemy import func, select

from mailer.errors import Invalid
from mailer.events.models import CustomEvent
from mailer.segments.asked import Asked, Clause, Names
from mailer.segments.conditions import Happened, Test
from mailer.segments.kinds import compare
from mailer.segments.kinds.often import done_often, often_in_words


def clause(condition: Happened, asked: Asked) -> Clause:
    """Ask whether an event happened, and how often."""
    if not condition.event:
        raise Invalid("Choose an event.")
    rows = select(CustomEvent.subscriber_id).where(
        CustomEvent.workspace_id == asked.workspace_id, CustomEvent.name == condition.event
    )
    if condition.within_days is not None:
        rows = rows.where(CustomEvent.at >= asked.since(condition.within_days))
    if condition.property:
        rows = rows.where(_compared(condition, asked))
    return done_often(
        rows,
        CustomEvent.subscriber_id,
        CustomEvent.subscriber_id,
        count=condition.count,
        times=condition.times,
    )


def words(condition: Happened, names: Names) -> str:
    """Say which event, and how often."""
    with_ = ""
    if condition.property:
        with_ = " whose " + compare.compared(condition.property, condition.test, condition.value)
    deed = f"did “{condition.event}”{with_}"
    return often_in_words(
        deed,
        count=condition.count,
        times=condition.times,
        several=deed,
        lately=compare.lately(condition.within_days),
    )


def _compared(condition: Happened, asked: Asked) -> Clause:
    kept: Any = CustomEvent.properties[condition.property]
    value = condition.value.strip()
    if condition.test in {Test.LESS, Test.MORE}:
        return compare.number(kept, condition.test, value)
    text = func.lower(func.coalesce(kept.as_string(), ""))
    return compare.text(text, condition.test, func.lower(value), asked, empty=value == "")
