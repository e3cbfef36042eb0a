"""The proof of an import: one record for each place on a list that it gave."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert

from mailer import signals
from mailer.audience.models import Import
from mailer.consent.models import Act, Channel, ConsentRecord
from mailer.db import db
from mailer.lib.ids import uuid7


@signals.imported.connect
def record_imported(
    source: Import, *, subscriptions: Sequence[tuple[UUID, UUID, UUID]], now: datetime
) -> None:
    """Keep who put these people on lists, and the basis that they stated."""
    if not subscriptions:
        return
    db.session.execute(
        insert(ConsentRecord),
        [
            {
                "id": uuid7(),
                "created_at": now,
                "workspace_id": source.workspace_id,
                "subscriber_id": subscriber_id,
                "list_id": list_id,
                "act": Act.SUBSCRIBED,
                "via": Channel.IMPORT,
                "words": source.consent_basis,
                "actor_id": source.created_by_id,
            }
            for _, list_id, subscriber_id in subscriptions
        ],
    )
