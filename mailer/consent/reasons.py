"""Why somebody receives what they receive, in plain words from the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from mailer.audience.models import MailingList, Subscriber, Subscription, SubscriptionStatus
from mailer.consent.models import Act, Channel, ConsentRecord
from mailer.db import db
from mailer.web.languages import in_words
from mailer.web.languages import translated as _

_STARTS: Final = (Act.REQUESTED, Act.SUBSCRIBED, Act.CONFIRMED)


@dataclass(frozen=True)
class Step:
    """One act that led to a subscription, and the words that were shown."""

    sentence: str
    words: str


@dataclass(frozen=True)
class Reason:
    """How somebody came to a list that they are on."""

    list: MailingList
    steps: Sequence[Step]


def reasons_for(subscriber: Subscriber) -> list[Reason]:
    """Return why a subscriber is on each of their lists: the acts since they last came to it."""
    places = db.session.scalars(
        select(Subscription)
        .join(Subscription.list)
        .where(Subscription.subscriber_id == subscriber.id, Subscription.status == SubscriptionStatus.ACTIVE)
        .order_by(MailingList.name)
    ).all()
    records = db.session.scalars(
        select(ConsentRecord)
        .where(ConsentRecord.subscriber_id == subscriber.id)
        .order_by(ConsentRecord.created_at, ConsentRecord.id)
    ).all()
    return [Reason(place.list, _steps(place, records)) for place in places]


def _steps(place: Subscription, records: Sequence[ConsentRecord]) -> list[Step]:
    about = [record for record in records if record.list_id == place.list_id]
    left = [number for number, record in enumerate(about) if record.act is Act.UNSUBSCRIBED]
    since = about[left[-1] + 1 :] if left else about
    return [Step(_sentence(record), record.words) for record in since if record.act in _STARTS]


def _sentence(record: ConsentRecord) -> str:
    values = {"day": in_words(record.created_at)}
    if record.act is Act.CONFIRMED:
        return _("On %(day)s you confirmed it by the button in our mail.") % values
    if record.via is Channel.SIGNUP_PAGE:
        return _("On %(day)s this address was entered in a sign-up form, which said:") % values
    if record.via is Channel.IMPORT:
        return _("On %(day)s you were taken over from another system, for this reason:") % values
    if record.via is Channel.STAFF:
        return _("On %(day)s somebody of our staff put you on the list, for this reason:") % values
    if record.via is Channel.API:
        return _("On %(day)s a program of ours put you on the list, for this reason:") % values
    return _("On %(day)s you chose it yourself, by a link in our mail or on this page.") % values
