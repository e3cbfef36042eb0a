"""The one gate: may we mail this address this kind of message?

Asked at send time, for every delivery, as soon as its batch is claimed; no other code
decides. The answer is an SQL expression, so that a thousand deliveries cost one question.
Whoever leaves after it was asked is heard of before their message is handed over
(``delivery.watch``).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    case,
    exists,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import aliased
from sqlalchemy.orm.util import AliasedClass
from sqlalchemy.sql.elements import SQLColumnExpression

from mailer.audience.models import MailingList, Subscriber, Subscription, SubscriptionStatus
from mailer.columns import UtcDateTime
from mailer.consent.models import StreamSuppression, Suppression, SuppressionReason
from mailer.consent.preferences import FREQUENCIES
from mailer.consent.record import policy_of
from mailer.db import db

UNSUBSCRIBED = "unsubscribed"
SUPPRESSED = "suppressed"
PAUSED = "paused"
ERASED = "erased"
FREQUENCY = "frequency"

#: So much earlier than a day or a week ago counts as that long ago: a weekly campaign does not
#: leave at the same second.
_LEEWAY: Final = timedelta(hours=3)

#: Caps are by the day and by the week.
_CAPPED_DAYS: Final = (1, 7)

#: Makes an expression of how many campaigns a subscriber got since a moment, by a list or at all.
Received = Callable[[SQLColumnExpression[Any], ColumnElement[datetime], UUID | None], ColumnElement[int]]
#: A subscriber's row, or an alias of it, in the statement that a question is part of.
Person = type[Subscriber] | AliasedClass[Subscriber]
#: The moment of asking, where a statement is made once and asked many times.
NOW: Final[ColumnElement[datetime]] = bindparam("now", type_=UtcDateTime())


class Asked(NamedTuple):
    """Whom a transactional message would go to.

    :param stream: empty for messages about this product itself
    """

    workspace_id: UUID
    email_key: str
    stream: str


def _of_addresses(table: type[Suppression] | type[StreamSuppression], *what: Any) -> Any:
    return select(table.workspace_id, table.email_key, *what).where(
        table.workspace_id.in_(bindparam("workspaces", expanding=True)),
        table.email_key.in_(bindparam("keys", expanding=True)),
    )


#: What is known of addresses; built once, as it is asked often. A stream has a name, and the rest has none.
_KNOWN: Final = union_all(
    _of_addresses(Suppression, Suppression.reason, literal("").label("stream")),
    _of_addresses(StreamSuppression, null().label("reason"), StreamSuppression.stream),
)


@dataclass(frozen=True)
class Cap:
    """At most so many campaigns to one subscriber within some days, by one list or at all."""

    most: int
    days: int
    list_id: UUID | None = None


def caps_of(workspace_id: UUID, list_ids: Sequence[UUID]) -> list[Cap]:
    """Return the caps of a workspace and of some of its lists."""
    policy = policy_of(workspace_id)
    lists = db.session.execute(
        select(MailingList.id, MailingList.most_per_day, MailingList.most_per_week).where(
            MailingList.id.in_(list_ids),
            or_(MailingList.most_per_day.is_not(None), MailingList.most_per_week.is_not(None)),
        )
    )
    given = [(None, policy.most_per_day, policy.most_per_week), *lists.all()]
    return [
        Cap(most, days, list_id)
        for list_id, per_day, per_week in given
        for most, days in zip((per_day, per_week), _CAPPED_DAYS, strict=True)
        if most
    ]


def wishes_of(workspace_id: UUID) -> bool:
    """Return whether anybody in a workspace wants one campaign in so many days at most."""
    asked = exists().where(Subscriber.workspace_id == workspace_id, Subscriber.days_between.is_not(None))
    return bool(db.session.scalar(select(asked)))


def moments(now: datetime) -> dict[str, datetime]:
    """Return the parameters of a question that is asked at a moment."""
    ago = {_ago(days): now - timedelta(days=days) + _LEEWAY for days in {*_CAPPED_DAYS, *FREQUENCIES}}
    return {"now": now, **ago}


def frequency_refusal(
    person: Person,
    *,
    list_id: SQLColumnExpression[Any],
    caps: Sequence[Cap],
    received: Received,
) -> ColumnElement[bool]:
    """Return whether a subscriber has had enough: by the workspace's caps, its lists', or their own wish.

    Its parameters are :func:`moments`.

    :param person: as for :func:`refusal`
    :param received: counts what is on its way besides what arrived, where claims take turns
    """

    def since(days: int) -> ColumnElement[datetime]:
        return bindparam(_ago(days), type_=UtcDateTime())

    capped = [
        and_(
            list_id == cap.list_id if cap.list_id else true(),
            received(person.id, since(cap.days), cap.list_id) >= cap.most,
        )
        for cap in caps
    ]
    wished = [
        and_(person.days_between == days, received(person.id, since(days), None) >= 1) for days in FREQUENCIES
    ]
    return or_(*capped, *wished)


def refusal(
    person: Person,
    *,
    workspace_id: SQLColumnExpression[Any],
    lists: Sequence[UUID],
    now: datetime | ColumnElement[datetime],
    has_had_enough: ColumnElement[bool] | None = None,
) -> ColumnElement[str | None]:
    """Return why a campaign may not mail a subscriber now, or NULL when it may.

    :param person: outer-joined to what is asked about, so that their row is looked up once and
        whoever was erased is all NULL
    :param workspace_id: column of the row that is asked about
    :param lists: that the campaign goes to; being active on one is enough
    :param now: :data:`NOW`, with :func:`moments` for parameters, or a moment
    :param has_had_enough: :func:`frequency_refusal`, where deliveries are at hand
    """
    is_suppressed = exists().where(
        Suppression.workspace_id == workspace_id, Suppression.email_key == person.email_key
    )
    # A name of its own: what is asked about may be subscriptions.
    own = aliased(Subscription, name="own")
    is_active = exists().where(
        own.subscriber_id == person.id, own.status == SubscriptionStatus.ACTIVE, own.list_id.in_(lists)
    )
    return case(
        (person.id.is_(None), literal(ERASED)),
        (is_suppressed, literal(SUPPRESSED)),
        (~is_active, literal(UNSUBSCRIBED)),
        (person.paused_until > now, literal(PAUSED)),
        *([(has_had_enough, literal(FREQUENCY))] if has_had_enough is not None else []),
        else_=null(),
    )


def transactional_refusals(asked: Iterable[Asked]) -> set[Asked]:
    """Return which of some addresses a transactional message may not go to.

    Someone who left our lists still gets what they ask for; a dead address does not, and
    a complaint closes the stream that it was about. Messages about this product itself
    belong to no stream, and stop at any complaint.
    """
    asked = set(asked)
    about = {
        "workspaces": {each.workspace_id for each in asked},
        "keys": {each.email_key for each in asked},
    }
    known = {tuple(row) for row in db.session.connection().execute(_KNOWN, about)}

    def is_suppressed(each: Asked, reason: SuppressionReason) -> bool:
        return (each.workspace_id, each.email_key, reason, "") in known

    return {
        each
        for each in asked
        if (each.workspace_id, each.email_key, None, each.stream) in known
        or is_suppressed(each, SuppressionReason.HARD_BOUNCE)
        or (not each.stream and is_suppressed(each, SuppressionReason.COMPLAINT))
    }


def _ago(days: int) -> str:
    return f"days_ago_{days}"
