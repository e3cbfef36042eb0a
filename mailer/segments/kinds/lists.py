"""A place on a list: now, lately, or on a day in the past."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import exists, not_, or_
from sqlalchemy.orm import aliased

from mailer.audience.models import MailingList, Subscriber, Subscription, SubscriptionStatus
from mailer.consent.models import Act, ConsentRecord
from mailer.segments.asked import Asked, Clause, Names
from mailer.segments.conditions import OnList, Place
from mailer.segments.kinds.compare import end_of

PLACES: Final = {
    Place.ACTIVE: "are on",
    Place.PENDING: "have not confirmed",
    Place.UNSUBSCRIBED: "left",
    Place.NEVER: "were never on",
    Place.WAS_ACTIVE: "were on",
}
_BEGINNINGS: Final = (Act.SUBSCRIBED, Act.CONFIRMED)


def clause(condition: OnList, asked: Asked) -> Clause:
    """Ask how somebody stands to a list."""
    list_id = asked.owned_id(MailingList, condition.list)
    if condition.place is Place.WAS_ACTIVE:
        return _was_on(list_id, asked.now if condition.on_day is None else end_of(condition.on_day))
    where = [Subscription.subscriber_id == Subscriber.id, Subscription.list_id == list_id]
    if condition.place is Place.NEVER:
        return not_(exists().where(*where))
    where.append(Subscription.status == SubscriptionStatus(condition.place.value))
    if condition.within_days is not None:
        when = {
            Place.ACTIVE: Subscription.started_at,
            Place.PENDING: Subscription.created_at,
            Place.UNSUBSCRIBED: Subscription.ended_at,
        }[condition.place]
        where.append(when >= asked.since(condition.within_days))
    return exists().where(*where)


def words(condition: OnList, names: Names) -> str:
    """Say how they stand to which list."""
    name = names.quoted(condition.list, otherwise="a list that is gone")
    if condition.place is Place.WAS_ACTIVE:
        return f"{PLACES[condition.place]} {name} on {condition.on_day or 'that day'}"
    since = f" since {condition.within_days} days at most" if condition.within_days else ""
    return f"{PLACES[condition.place]} {name}{since}"


def _was_on(list_id: UUID, moment: datetime) -> Clause:
    """Ask whether somebody was active on a list at a moment.

    By the place as it is, which knows when a person of another program's file joined there;
    and by the consent records, which know the times before they left and came back.
    """
    place = exists().where(
        Subscription.subscriber_id == Subscriber.id,
        Subscription.list_id == list_id,
        Subscription.started_at < moment,
        or_(Subscription.ended_at.is_(None), Subscription.ended_at >= moment),
        Subscription.status != SubscriptionStatus.PENDING,
    )
    began, ended = aliased(ConsentRecord), aliased(ConsentRecord)
    left_since = exists().where(
        ended.subscriber_id == began.subscriber_id,
        ended.list_id == began.list_id,
        ended.act == Act.UNSUBSCRIBED,
        ended.created_at >= began.created_at,
        ended.created_at < moment,
    )
    by_record = exists().where(
        began.subscriber_id == Subscriber.id,
        began.list_id == list_id,
        began.act.in_(_BEGINNINGS),
        began.created_at < moment,
        not_(left_since),
    )
    return or_(place, by_record)
