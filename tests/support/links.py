"""The links of single mails, put together as ``delivery/compose.py`` does for whole batches."""

from collections.abc import Sequence
from uuid import UUID

from mailer.current import links

_NO_MESSAGE = UUID(int=0)


def view_url(message_id: UUID, delivery_id: UUID) -> str:
    """The address of a mail as a page."""
    made = links()
    return made.view_prefix + made.of_message(message_id, ()).view_token(delivery_id.bytes)


def leave_url(subscriber_id: UUID, delivery_id: UUID, list_ids: Sequence[UUID]) -> str:
    """The address that unsubscribes from the lists that a campaign went to."""
    made = links()
    token = made.of_message(_NO_MESSAGE, list_ids).leave_token(subscriber_id.bytes, delivery_id.bytes)
    return made.leave_prefix + token
