"""Writing down what a subscriber did elsewhere."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import select

from mailer import signals
from mailer.audience.models import Subscriber
from mailer.db import db, insert_missing
from mailer.errors import Invalid
from mailer.events.models import MICROS, CustomEvent
from mailer.lib.ids import uuid7

_NAME: Final = re.compile(r"[a-z][a-z0-9_.:-]{0,59}")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
#: Clocks differ.
_AHEAD: Final = timedelta(minutes=10)
_MOST_VALUE: Final = Decimal(10) ** 12


def record_event(
    subscriber: Subscriber,
    name: str,
    *,
    now: datetime,
    at: datetime | None = None,
    key: str | None = None,
    value: Decimal | None = None,
    currency: str = "",
    properties: Mapping[str, Any] | None = None,
) -> tuple[CustomEvent, bool]:
    """Write down an event, once for each key.

    A program that does not know whether it was heard tells it again: the first telling stays.

    :param name: such as ``order.placed``
    :param at: when it happened; now when left out
    :param key: the program's own id of it, unique among events of this name
    :param value: what it was worth, in units of ``currency``
    :return: the event, and whether it is new
    :raises Invalid: the name, the time or the value cannot be used
    """
    at = at or now
    _check(name, at=at, now=now, value=value, currency=currency)
    made = {
        "id": uuid7(),
        "created_at": now,
        "workspace_id": subscriber.workspace_id,
        "subscriber_id": subscriber.id,
        "name": name,
        "at": at,
        "key": key or None,
        "value_micros": None if value is None else round(value * MICROS),
        "currency": currency,
        "properties": dict(properties or {}),
    }
    is_new = bool(insert_missing(CustomEvent, [made], returning=CustomEvent.id))
    event = _told(subscriber, name, key) if not is_new else db.session.get_one(CustomEvent, made["id"])
    if is_new:
        signals.event_recorded.send(event)
    return event, is_new


def _check(name: str, *, at: datetime, now: datetime, value: Decimal | None, currency: str) -> None:
    if not _NAME.fullmatch(name):
        _refuse("name", "A name has lower-case letters, digits, _ . : and - only, like order.placed.")
    if at > now + _AHEAD:
        _refuse("at", "This is still to come; tell it once it has happened.")
    if value is not None and not (abs(value) <= _MOST_VALUE and _CURRENCY.fullmatch(currency)):
        _refuse("currency", "A value has a currency of three letters, like EUR, and is below 10¹².")


def _refuse(field: str, sentence: str) -> None:
    raise Invalid(sentence, fields={field: sentence})


def _told(subscriber: Subscriber, name: str, key: str | None) -> CustomEvent:
    found = db.session.scalars(
        select(CustomEvent).where(
            CustomEvent.workspace_id == subscriber.workspace_id,
            CustomEvent.name == name,
            CustomEvent.key == key,
        )
    )
    return found.one()
