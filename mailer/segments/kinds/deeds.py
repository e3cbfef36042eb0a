"""Mails that somebody received, opened, clicked or that came back."""

from typing import Any, Final

from sqlalchemy import exists, func, select

from mailer.delivery.models import Delivery, DeliveryState, Message
from mailer.lib.ids import parse_id
from mailer.segments.asked import Asked, Clause, Names
from mailer.segments.conditions import Deed, Did
from mailer.segments.kinds.compare import holds, lately
from mailer.segments.kinds.often import done_often, often_in_words
from mailer.tracking.models import Click
from mailer.tracking.verdicts import HUMAN_VERDICTS

DEEDS: Final = {
    Deed.CHOSEN: "were to get",
    Deed.RECEIVED: "received",
    Deed.OPENED: "opened",
    Deed.CLICKED: "clicked in",
    Deed.BOUNCED: "bounced",
}

#: Columns that are empty where it was never done.
_FIRSTS: Final = {"human_opened_at", "human_clicked_at"}


def clause(condition: Did, asked: Asked) -> Clause:
    """Ask of which deliveries somebody did something, and how often."""
    rows = _deliveries(condition, asked)
    # A link may be followed twice in one mail.
    counted = Delivery.id.distinct() if condition.link.strip() else Delivery.id
    return done_often(rows, Delivery.subscriber_id, counted, count=condition.count, times=condition.times)


def words(condition: Did, names: Names) -> str:
    """Say what they did, of which campaign, by which link and how often."""
    deed = DEEDS[condition.deed]
    link = f", a link with “{condition.link}”" if condition.link and condition.deed is Deed.CLICKED else ""
    gone = "a campaign that is gone"
    one = names.quoted(condition.campaign, otherwise=gone) if condition.campaign else "a campaign"
    several = one if condition.campaign else "campaigns"
    return often_in_words(
        f"{deed} {one}{link}",
        count=condition.count,
        times=condition.times,
        several=f"{deed} {several}{link}",
        lately=lately(condition.within_days),
    )


def _deliveries(condition: Did, asked: Asked) -> Any:
    """Return the select of the deliveries' subscribers that a deed is asked of."""
    query = select(Delivery.subscriber_id).where(Delivery.workspace_id == asked.workspace_id)
    at: Any = Delivery.created_at
    match condition.deed:
        case Deed.RECEIVED:
            query = query.where(Delivery.state == DeliveryState.ACCEPTED)
        case Deed.BOUNCED:
            query = query.where(Delivery.state == DeliveryState.REJECTED)
        case Deed.OPENED:
            # The first by a human, which the delivery itself keeps.
            at = Delivery.human_opened_at
        case Deed.CLICKED if condition.link.strip():
            at = Click.at
            query = query.join(Click, Click.delivery_id == Delivery.id).where(
                Click.workspace_id == asked.workspace_id,
                Click.verdict.in_(HUMAN_VERDICTS),
                _followed(condition.link.strip(), asked),
            )
        case Deed.CLICKED:
            at = Delivery.human_clicked_at
    if condition.within_days is not None:
        query = query.where(at >= asked.since(condition.within_days))
    elif at.key in _FIRSTS:
        # Never beside the comparison: PostgreSQL would expect far too few, and join one by one.
        query = query.where(at.is_not(None))
    if condition.campaign is not None:
        return query.where(Delivery.campaign_id == parse_id("cmp", condition.campaign))
    return query.where(Delivery.campaign_id.is_not(None))


def _followed(link: str, asked: Asked) -> Clause:
    """Ask whether the link that was followed holds some words, of the message's numbered links."""
    if asked.is_sqlite:
        address = func.json_extract(Message.links, func.printf("$[%d]", Click.link_number))
    else:
        address = Message.links[Click.link_number].as_string()
    return exists().where(Message.id == Delivery.message_id, holds(func.lower(address), link.lower(), asked))
