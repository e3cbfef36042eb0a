"""A campaign's message, rendered again for one of its readers."""

from typing import Final
from uuid import UUID

from mailer.current import links
from mailer.db import db
from mailer.delivery.compose import Composer, merge_values
from mailer.delivery.models import Delivery, Message, MessageKind, Run
from mailer.delivery.readers import complete
from mailer.errors import NotFound

_GONE: Final = "This mail is not here any more."


def page_of_delivery(token: str) -> str:
    """Return the HTML of a mail, with the same links and without its pixel.

    The pixel stays out: whoever looks here clicked to get here, and has been counted.

    :raises NotFound: the link is not ours, or its mail was deleted
    """
    read = links().read_view(token)
    delivery = db.session.get(Delivery, read.delivery_id) if read else None
    if read is None or delivery is None or delivery.message_id != read.message_id:
        raise NotFound(_GONE)
    message = db.session.get_one(Message, delivery.message_id)
    if message.kind is MessageKind.SYSTEM:
        raise NotFound(_GONE)
    person = merge_values(delivery.subscriber, delivery.email)
    composer = Composer(message, list_ids=_lists_of(delivery))
    complete({delivery.id: person}, [delivery], composer.rare_names)
    return composer.render(delivery, person, has_pixel=False).html


def _lists_of(delivery: Delivery) -> list[UUID]:
    run = db.session.get(Run, delivery.campaign_id) if delivery.campaign_id else None
    return [UUID(list_id) for list_id in run.list_ids] if run else []
