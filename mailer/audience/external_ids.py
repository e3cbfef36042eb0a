"""What a program of the workspace calls a subscriber: a name of its own, which outlives an address."""

from typing import Final
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from mailer.audience.models import Subscriber
from mailer.audience.queries.subscribers import (
    subscriber_by_email,
    subscriber_by_external_id,
    subscribers_by_external_id_or_email,
)
from mailer.db import db
from mailer.errors import Conflict
from mailer.lib.lines import clean_line

LONGEST: Final = 255


def clean_external_id(text: str | None) -> str | None:
    """Return an external id as we keep and look for it, in its own case; None for nothing.

    :raises Invalid: it is too long, or has a control character
    """
    return clean_line(text or "", label="The external id", longest=LONGEST) or None


def subscriber_meant(workspace_id: UUID, email: str, external_id: str | None) -> Subscriber | None:
    """Return whom an address and an external id mean; a known external id says more than an address.

    :param external_id: as :func:`clean_external_id` returns it
    :raises Conflict: the two are of different people, or whoever has the address has another external id
    """
    if external_id is None:
        return subscriber_by_email(workspace_id, email)
    named, addressed = subscribers_by_external_id_or_email(workspace_id, external_id, email)
    if named is None:
        if addressed is not None and addressed.external_id not in (None, external_id):
            raise _refused(
                f"{addressed.email} is {addressed.public_id}, whose external id is "
                f"“{addressed.external_id}”; change that with PATCH /subscribers/{addressed.public_id}, "
                "or leave out the external id."
            )
        return addressed
    if addressed is not None and addressed.id != named.id:
        raise _refused(
            f"“{external_id}” is {named.public_id} ({named.email}), but {addressed.email} is "
            f"{addressed.public_id}; merge the two, or leave out the external id."
        )
    return named


def set_external_id(subscriber: Subscriber, external_id: str | None) -> None:
    """Give a subscriber an external id, or take it away.

    :raises Conflict: another subscriber has it
    :raises Invalid: it is too long, or has a control character
    """
    external_id = clean_external_id(external_id)
    if subscriber.external_id == external_id:
        return
    other = external_id and subscriber_by_external_id(subscriber.workspace_id, external_id)
    if other:
        raise _refused(
            f"“{external_id}” is {other.public_id} ({other.email}); "
            "merge the two, or choose another external id."
        )
    give_external_id(subscriber, external_id)


def give_external_id(subscriber: Subscriber, external_id: str | None) -> None:
    """Give a subscriber an external id that was just found to be nobody's, or take theirs away.

    :raises Conflict: another request has given it away since
    """
    try:
        with db.session.begin_nested():
            subscriber.external_id = external_id
    except IntegrityError:
        raise _refused(f"Another subscriber has just been given “{external_id}”; look again.") from None


def _refused(sentence: str) -> Conflict:
    return Conflict(sentence, fields={"external_id": sentence})
