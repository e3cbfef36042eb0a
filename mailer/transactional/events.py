"""What happened to a message, address by address: from the rows that say so, not from a log of its own."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from mailer.bounces.models import Return
from mailer.bounces.parsers.returned import Kind
from mailer.db import db
from mailer.delivery.engine.outcomes import Verdict
from mailer.delivery.models import Attempt, Delivery, DeliveryState, SkipReason
from mailer.tracking.models import Click, Open
from mailer.transactional.models import TransactionalMessage
from mailer.transactional.queries import deliveries_of

#: Somebody who opens a mail all day long fills no page with it.
_MOST_OF_A_KIND = 200

_TRIED = {
    Verdict.DEFERRED: "email.delivery_delayed",
    Verdict.HELD: "email.delivery_delayed",
    Verdict.IN_DOUBT: "email.delivery_delayed",
    Verdict.REJECTED: "email.failed",
}

_RETURNED = {
    Kind.BOUNCE: "email.bounced",
    Kind.COMPLAINT: "email.complained",
    Kind.DELIVERED: "email.delivered",
}


@dataclass(frozen=True)
class Event:
    """One thing that happened.

    :param type: as webhooks call it
    :param detail: a server's words, a link, a mail program; empty where there is nothing to say
    :param code: the server's, such as 421
    """

    type: str
    at: datetime
    email: str = ""
    detail: str = ""
    code: int | None = None
    attempt: int | None = None


def events_of(message: TransactionalMessage) -> list[Event]:
    """Return what happened to a message, oldest first."""
    deliveries = {each.id: each for each in deliveries_of([message.id])[message.id]}
    found = [
        Event("email.scheduled" if message.scheduled_at else "email.queued", message.created_at),
        *_tries(deliveries),
        *_ends(deliveries.values()),
        *_returns(deliveries),
        *_deeds(deliveries, message.message.links),
    ]
    return sorted(found, key=lambda event: event.at)


def attempts_of(deliveries: Sequence[UUID]) -> Sequence[Attempt]:
    """Return the tries that were not accepted, oldest first."""
    return db.session.scalars(
        select(Attempt).where(Attempt.delivery_id.in_(deliveries)).order_by(Attempt.id)
    ).all()


def _tries(deliveries: dict[UUID, Delivery]) -> Iterator[Event]:
    for each in attempts_of(list(deliveries)):
        email = deliveries[each.delivery_id].email
        kind = _TRIED.get(Verdict(each.outcome), "email.delivery_delayed")
        yield Event(kind, each.created_at, email, each.reply, each.code, each.number)


def _ends(deliveries: Iterable[Delivery]) -> Iterator[Event]:
    for each in deliveries:
        if each.ended_at is None:
            continue
        if each.state is DeliveryState.ACCEPTED:
            yield Event("email.sent", each.ended_at, each.email, each.reply, attempt=each.attempt)
        elif each.state is DeliveryState.SKIPPED:
            is_cancelled = each.skip_reason is SkipReason.CANCELLED
            yield Event("email.cancelled" if is_cancelled else "email.suppressed", each.ended_at, each.email)


def _returns(deliveries: dict[UUID, Delivery]) -> Iterator[Event]:
    rows = db.session.scalars(
        select(Return).where(Return.delivery_id.in_(list(deliveries)), Return.kind.in_(_RETURNED))
    )
    for each in rows:
        assert each.delivery_id is not None
        yield Event(_RETURNED[each.kind], each.created_at, deliveries[each.delivery_id].email, each.words)


def _deeds(deliveries: dict[UUID, Delivery], links: Sequence[str]) -> Iterator[Event]:
    for opened in db.session.scalars(_first(Open, deliveries)):
        email = deliveries[opened.delivery_id].email
        yield Event("email.opened", opened.at, email, opened.user_agent)
    for clicked in db.session.scalars(_first(Click, deliveries)):
        number = clicked.link_number
        detail = links[number] if number < len(links) else ""
        yield Event("email.clicked", clicked.at, deliveries[clicked.delivery_id].email, detail)


def _first(model: Any, deliveries: Iterable[UUID]) -> Select[Any]:
    query: Select[Any] = select(model).where(model.delivery_id.in_(list(deliveries)))
    return query.order_by(model.at).limit(_MOST_OF_A_KIND)
