"""The one gate: may we mail this address this kind of message?

Asked at send time, for every delivery, in the statement that claims it; no other code
decides. The answer is an SQL expression, so that five hundred deliveries cost one
question and nothing can slip between the asking and the claim.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, exists, literal, null
from sqlalchemy.sql.elements import SQLColumnExpression

from mailer.audience.models import Subscriber, Subscription, SubscriptionStatus
from mailer.consent.models import StreamSuppression, Suppression

UNSUBSCRIBED = "unsubscribed"
SUPPRESSED = "suppressed"
PAUSED = "paused"
ERASED = "erased"


def refusal(
    *,
    workspace_id: SQLColumnExpression[Any],
    subscriber_id: SQLColumnExpression[Any],
    lists: Any,
    now: datetime,
) -> ColumnElement[str | None]:
    """Return why a campaign may not mail a subscriber now, or NULL when it may.

    :param workspace_id: column of the row that is asked about
    :param subscriber_id: likewise; NULL once the subscriber was erased
    :param lists: a select of the list ids that the campaign goes to; being active on one is enough
    """
    # Joined, not nested: a query inside the EXISTS would not see the row that is asked about.
    is_suppressed = exists().where(
        Subscriber.id == subscriber_id,
        Suppression.workspace_id == workspace_id,
        Suppression.email_key == Subscriber.email_key,
    )
    is_active = exists().where(
        Subscription.subscriber_id == subscriber_id,
        Subscription.status == SubscriptionStatus.ACTIVE,
        Subscription.list_id.in_(lists),
    )
    is_paused = exists().where(Subscriber.id == subscriber_id, Subscriber.paused_until > now)
    return case(
        (~exists().where(Subscriber.id == subscriber_id), literal(ERASED)),
        (is_suppressed, literal(SUPPRESSED)),
        (~is_active, literal(UNSUBSCRIBED)),
        (is_paused, literal(PAUSED)),
        else_=null(),
    )


def transactional_refusal(
    *,
    workspace_id: SQLColumnExpression[Any],
    email_key: SQLColumnExpression[Any],
    stream: SQLColumnExpression[Any],
) -> ColumnElement[str | None]:
    """Return why a transactional message may not go to an address, or NULL when it may.

    Someone who left our lists still gets what they ask for; a dead address does not, and
    a complaint closes the stream that it was about. Messages about this product itself
    belong to no stream, and stop at any complaint.

    :param stream: empty for those
    """
    about_address = case(
        (stream == "", Suppression.reason.in_(["hard_bounce", "complaint"])),
        else_=Suppression.reason == "hard_bounce",
    )
    is_suppressed = exists().where(
        Suppression.workspace_id == workspace_id, Suppression.email_key == email_key, about_address
    )
    is_stream_closed = exists().where(
        StreamSuppression.workspace_id == workspace_id,
        StreamSuppression.email_key == email_key,
        StreamSuppression.stream == stream,
    )
    return case((is_suppressed | is_stream_closed, literal(SUPPRESSED)), else_=null())
