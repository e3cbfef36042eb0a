"""What a subscriber was sent, and what they did with it."""

from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import load_only

from mailer import signals
from mailer.audience.models import Subscriber
from mailer.audience.timeline import Event
from mailer.db import db
from mailer.delivery.models import Delivery, DeliveryState, Message, MessageKind
from mailer.tracking.models import Click, Open
from mailer.tracking.verdicts import HUMAN_VERDICTS

_WORDS: Final = {
    DeliveryState.ACCEPTED: ("mail-check", "Was sent", ""),
    DeliveryState.REJECTED: ("mail-x", "Their server refused", "bad"),
    DeliveryState.SKIPPED: ("mail-off", "Was left out of", "warn"),
    DeliveryState.HELD: ("mail-pause", "Is held back from", "warn"),
    DeliveryState.IN_DOUBT: ("mail-question", "May have been sent", "warn"),
}
_WAITING: Final = ("mail-fast", "Is about to be sent", "accent")


@signals.timeline_wanted.connect
def mail_events(subscriber: Subscriber, *, limit: int) -> list[Event]:
    """Return a subscriber's deliveries, and their own opens and clicks."""
    rows = db.session.execute(
        select(Delivery, Message)
        .options(load_only(Message.subject, Message.is_literal, Message.kind, Message.links))
        .join(Message, Message.id == Delivery.message_id)
        .where(Delivery.subscriber_id == subscriber.id, Delivery.workspace_id == subscriber.workspace_id)
        .order_by(Delivery.id.desc())
        .limit(limit)
    ).all()
    mails = {row.Delivery.id: row for row in rows}
    return [*map(_sent, mails.values()), *_opens(mails, limit), *_clicks(mails, limit)]


def _sent(row: Any) -> Event:
    delivery = row.Delivery
    icon, words, kind = _WORDS.get(delivery.state, _WAITING)
    detail = delivery.reply if delivery.state is not DeliveryState.ACCEPTED else ""
    if delivery.skip_reason:
        detail = f"Because: {delivery.skip_reason}"
    return Event(
        delivery.ended_at or delivery.created_at, icon, f"{words} {_title(row.Message)}", kind, detail
    )


def _opens(mails: dict[Any, Any], limit: int) -> list[Event]:
    opens = db.session.scalars(
        select(Open)
        .where(Open.delivery_id.in_(list(mails)), Open.verdict.in_(HUMAN_VERDICTS))
        .order_by(Open.at.desc())
        .limit(limit)
    )
    return [
        Event(one.at, "mail-opened", f"Opened {_title(mails[one.delivery_id].Message)}", "accent")
        for one in opens
    ]


def _clicks(mails: dict[Any, Any], limit: int) -> list[Event]:
    clicks = db.session.scalars(
        select(Click)
        .where(Click.delivery_id.in_(list(mails)), Click.verdict.in_(HUMAN_VERDICTS))
        .order_by(Click.at.desc())
        .limit(limit)
    )
    return [
        Event(
            one.at,
            "click",
            f"Clicked in {_title(mails[one.delivery_id].Message)}",
            "good",
            detail=_link(mails[one.delivery_id].Message.links, one.link_number),
        )
        for one in clicks
    ]


def _title(message: Message) -> str:
    # A system mail's content is forgotten once it is accepted; its links are secrets.
    return "a mail of ours" if message.kind is MessageKind.SYSTEM else f"“{message.subject_line}”"


def _link(links: list[str], number: int) -> str:
    return links[number] if number < len(links) else ""
