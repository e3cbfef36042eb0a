"""Whether, and how often: what deeds and events are both asked."""

from typing import Any

from sqlalchemy import func, not_, true

from mailer.audience.models import Subscriber
from mailer.segments.asked import Clause


def done_often(rows: Any, subscriber_id: Any, counted: Any, *, count: str, times: int) -> Clause:
    """Ask who did something at least, or at most, so many times.

    :param rows: a select of what was done, by everybody
    :param subscriber_id: whose each row is
    :param counted: what is counted of them
    """
    is_few = count == "at_most"
    if (times, is_few) in {(1, False), (0, True)}:
        # Whether at all: nothing is counted.
        is_there = rows.where(subscriber_id == Subscriber.id).exists()
        return not_(is_there) if is_few else is_there
    if times == 0:
        return true()
    least = times + 1 if is_few else times
    many = rows.group_by(subscriber_id).having(func.count(counted) >= least)
    if not is_few:
        return Subscriber.id.in_(many)
    # NOT IN holds of nobody as soon as one of the others is NULL: a subscriber who was erased.
    return Subscriber.id.not_in(many.where(subscriber_id.is_not(None)))


def often_in_words(deed: str, *, count: str, times: int, several: str, lately: str) -> str:
    """Say how often somebody did something.

    :param deed: “opened a campaign”
    :param several: the same of many, “opened campaigns”
    """
    if count == "at_most" and times == 0:
        return f"never {deed}{lately}"
    if count == "at_least" and times == 1:
        return f"{deed}{lately}"
    how = "at least" if count == "at_least" else "at most"
    return f"{several} {how} {times} times{lately}"
