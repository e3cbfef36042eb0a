"""What is asked of consent. The workspace comes first, so that none is forgotten."""

from uuid import UUID

from sqlalchemy import Select, select

from mailer.audience.models import Subscriber
from mailer.consent.models import ConsentRecord, Suppression, SuppressionReason
from mailer.lib.addresses import address_key


def suppressions(
    workspace_id: UUID, *, search: str = "", reason: SuppressionReason | None = None
) -> Select[Suppression]:
    """Return the select of a workspace's suppressions, narrowed and not yet ordered."""
    query = select(Suppression).where(Suppression.workspace_id == workspace_id)
    if search:
        key = address_key(search)
        query = query.where(Suppression.email_key >= key, Suppression.email_key < key + "\U0010ffff")
    if reason is not None:
        query = query.where(Suppression.reason == reason)
    return query


def consent_of(subscriber: Subscriber) -> Select[ConsentRecord]:
    """Return the select of a subscriber's consent records, not yet ordered."""
    return select(ConsentRecord).where(
        ConsentRecord.workspace_id == subscriber.workspace_id, ConsentRecord.subscriber_id == subscriber.id
    )
