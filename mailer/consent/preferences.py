"""What a subscriber says on the preference page: which lists, what name, a pause."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import or_, select

from mailer import signals
from mailer.audience.models import (
    Editor,
    Field,
    MailingList,
    Subscriber,
    Subscription,
    SubscriptionStatus,
    Visibility,
)
from mailer.audience.queries.fields_and_tags import fields_of
from mailer.audience.subscribers import clean_details, merged_fields
from mailer.consent.models import Act, Evidence
from mailer.consent.record import keep_record
from mailer.consent.subscribe import subscribe
from mailer.consent.unsubscribe import unsubscribe
from mailer.db import db
from mailer.errors import Invalid
from mailer.web.languages import translated as _

#: Lengths of a pause that are offered, by the word in the form.
PAUSES: Final = {
    "1w": timedelta(weeks=1),
    "2w": timedelta(weeks=2),
    "1m": timedelta(days=30),
    "3m": timedelta(days=91),
    "6m": timedelta(days=182),
}
#: Days between two campaigns at least, that one can choose.
FREQUENCIES: Final = (1, 7, 30)


@dataclass(frozen=True)
class Offer:
    """A list on someone's preference page, and their place on it."""

    list: MailingList
    subscription: Subscription | None

    @property
    def is_active(self) -> bool:
        """Whether they receive it."""
        return self.subscription is not None and self.subscription.is_active


def offers_for(subscriber: Subscriber) -> list[Offer]:
    """Return the lists that a subscriber may join or leave: the public ones, and private ones they are on."""
    rows = db.session.execute(
        select(MailingList, Subscription)
        .outerjoin(
            Subscription,
            (Subscription.list_id == MailingList.id) & (Subscription.subscriber_id == subscriber.id),
        )
        .where(
            MailingList.workspace_id == subscriber.workspace_id,
            MailingList.archived_at.is_(None),
            or_(
                MailingList.visibility == Visibility.PUBLIC,
                Subscription.status == SubscriptionStatus.ACTIVE,
            ),
        )
        .order_by(MailingList.id)
    )
    return [Offer(mailing_list, subscription) for mailing_list, subscription in rows]


def save_preferences(
    subscriber: Subscriber,
    *,
    list_ids: Collection[UUID],
    days_between: int | None = None,
    evidence: Evidence,
    now: datetime,
) -> None:
    """Put a subscriber on exactly the offered lists that they ticked, and mail them as often as they say.

    :param days_between: one of :data:`FREQUENCIES`, or None for everything
    :raises Invalid: that frequency is not offered
    """
    if days_between not in (None, *FREQUENCIES):
        raise Invalid("Choose one of the frequencies that are offered.")
    subscriber.days_between = days_between
    for offer in offers_for(subscriber):
        is_wanted = offer.list.id in list_ids
        if is_wanted and not offer.is_active:
            subscribe(subscriber, offer.list, evidence=evidence, now=now)
        elif not is_wanted and offer.subscription is not None and offer.is_active:
            unsubscribe(offer.subscription, evidence=evidence, now=now)


def save_details(
    subscriber: Subscriber,
    *,
    name: str | None = None,
    fields: Mapping[str, Any] | None = None,
    locale: str | None = None,
) -> None:
    """Keep what a subscriber says of themselves, as far as it is theirs to say; the rest stays as it is.

    What is required cannot be emptied. Where it was never said it may stay unsaid: nobody
    has to answer a question first to leave a list.

    :raises Invalid: with what is wrong by field
    """
    theirs = {field.key: field for field in own_fields(subscriber)}
    given = {key: value for key, value in (fields or {}).items() if key in theirs}
    details = clean_details(subscriber.workspace_id, name=name, locale=locale, fields=given)
    values = details.pop("fields", {})
    emptied = [key for key, value in values.items() if value is None and key in subscriber.fields]
    if wrong := {f"fields.{key}": _("This is needed.") for key in emptied if theirs[key].is_required}:
        raise Invalid(_("This is needed."), fields=wrong)
    for attribute, value in details.items():
        if getattr(subscriber, attribute) != value:
            setattr(subscriber, attribute, value)
    if values:
        subscriber.fields = merged_fields(subscriber.fields, values)
    db.session.flush()


def asked_keys(subscriber: Subscriber) -> list[str]:
    """Return the keys of what forms ask people for."""
    answers = signals.questions_wanted.send(subscriber)
    return list(dict.fromkeys(key for _, keys in answers for key in keys))


def own_fields(subscriber: Subscriber) -> list[Field]:
    """Return the fields that somebody may see and change of themselves.

    What a form asks for and staff keep is theirs until it is answered.
    """
    asked = asked_keys(subscriber)
    return [
        field
        for field in fields_of(subscriber.workspace_id)
        if field.editor is Editor.PERSON
        or (field.key in asked and (field.editor is Editor.ASKED or field.key not in subscriber.fields))
    ]


def pause(subscriber: Subscriber, length: str, *, evidence: Evidence, now: datetime) -> None:
    """Let a subscriber hear nothing for a while, without leaving.

    :param length: a key of :data:`PAUSES`
    :raises Invalid: no such pause is offered
    """
    if length not in PAUSES:
        raise Invalid("Choose one of the pauses that are offered.")
    subscriber.paused_until = now + PAUSES[length]
    keep_record(subscriber, act=Act.PAUSED, evidence=evidence, at=now)
    db.session.flush()


def resume(subscriber: Subscriber, *, evidence: Evidence, now: datetime) -> None:
    """End a pause before its time."""
    if subscriber.paused_until is None or subscriber.paused_until <= now:
        return
    subscriber.paused_until = None
    keep_record(subscriber, act=Act.RESUMED, evidence=evidence, at=now)
    db.session.flush()
