"""What is asked of consent. The workspace comes first, so that none is forgotten."""

from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Select, select

from mailer.audience.models import Subscriber
from mailer.consent.models import ConsentRecord, StreamSuppression, Suppression, SuppressionReason
from mailer.lib.addresses import address_key

Row = TypeVar("Row")


def suppressions(
    workspace_id: UUID, *, search: str = "", reason: SuppressionReason | None = None
) -> Select[Suppression]:
    """Return the select of a workspace's suppressions, narrowed and not yet ordered."""
    query = select(Suppression).where(Suppression.workspace_id == workspace_id)
    return _narrowed(query, Suppression, search, reason)


def stream_suppressions(
    workspace_id: UUID, *, search: str = "", reason: SuppressionReason | None = None
) -> Select[StreamSuppression]:
    """Return the same of what is about one stream of transactional messages only."""
    query = select(StreamSuppression).where(StreamSuppression.workspace_id == workspace_id)
    return _narrowed(query, StreamSuppression, search, reason)


def _narrowed(query: Select[Row], kind: Any, search: str, reason: SuppressionReason | None) -> Select[Row]:
    if search:
        key = address_key(search)
        query = query.where(kind.email_key >= key, kind.email_key < key + "\U0010ffff")
    return query.where(kind.reason == reason) if reason is not None else query


def consent_of(subscriber: Subscriber) -> Select[ConsentRecord]:
    """Return the select of a subscriber's consent records, not yet ordered."""
    return select(ConsentRecord).where(
        ConsentRecord.workspace_id == subscriber.workspace_id, ConsentRecord.subscriber_id == subscriber.id
    )
